#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "content/bitswap/message.h"
#include "content/bitswap/pace.h"
#include "net/swarm/swarm.h"
#include "system/system.h"

namespace shoal::content::bitswap {

/// A stream to one peer that is opened when there is something to write, and again after it broke.
/// Used by one task at a time.
class OutboundStream {
 public:
  /// A peer that does not take the next part for so long is not waited for.
  static constexpr Duration kStallTimeout = 30s;

  OutboundStream(System& system, net::Swarm& swarm, PeerId peer)
      : system_(system), swarm_(swarm), peer_(std::move(peer)) {}

  /// True when it had to be opened, on the best connection there is. Throws Error{closed} without
  /// one, and what Connection::open throws.
  Task<bool> ready();
  /// Whether the last ready() found it open. A peer may end a stream over which it hears nothing
  /// (Helia does after 10 s): what cannot be written then deserves another try at once.
  bool was_open() const { return was_open_; }
  Version version() const { return version_; }

  /// Calls `moved` with the bytes of each part that the peer has taken. Throws Error; the stream is
  /// then gone.
  Task<void> write(const EncodedMessage& message, std::function<void(std::size_t)> moved = {});

  /// Another connection is the best now: what is written over the earlier one is given up, since a
  /// peer that comes anew is most likely not there any more. True if there was something to leave.
  bool leave_worse_connection();
  /// The connection ended. Lets go of its stream, which would keep it alive.
  void disconnected(net::ConnectionId connection);
  void drop();

 private:
  System& system_;
  net::Swarm& swarm_;
  Task<void> write_parts(std::span<const ByteView> pieces,
                         const std::function<void(std::size_t)>& moved);

  const PeerId peer_;
  Pace pace_;
  std::unique_ptr<Stream> stream_;
  net::ConnectionId connection_ = 0;
  Version version_ = Version::v1_2;
  bool was_open_ = false;
  bool writing_ = false;
};

}  // namespace shoal::content::bitswap
