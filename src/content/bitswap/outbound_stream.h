#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "content/bitswap/chunk_sizer.h"
#include "content/bitswap/message.h"
#include "net/swarm/swarm.h"
#include "system/system.h"

namespace shoal::content::bitswap {

/// The next `bytes` of `pieces` after the first `offset`; fewer at their end.
std::vector<ByteView> cut(std::span<const ByteView> pieces, std::size_t offset, std::size_t bytes);

/// A stream to one peer that is opened when there is something to write, and again after it broke.
/// Used by one task at a time.
class OutboundStream {
 public:
  /// A peer that does not take the next part for so long is not waited for.
  static constexpr Duration kStallTimeout = 30s;

  OutboundStream(System& system, net::Swarm& swarm, PeerId peer)
      : system_(system),
        swarm_(swarm),
        peer_(std::move(peer)),
        writing_to_("writing to " + peer_.to_string()) {}

  /// True when it had to be opened, on the best connection there is. Throws Error{closed} without
  /// one, and what Connection::open throws.
  Task<bool> ready();
  /// Whether the last ready() found it open. A peer may end a stream over which it hears nothing
  /// (Helia does after 10 s): what cannot be written then deserves another try at once.
  bool was_open() const { return was_open_; }
  Version version() const { return version_; }

  /// Throws Error; the stream is then gone.
  Task<void> write(const EncodedMessage& message);
  /// At most part_bytes() of a message, for which the peer has kStallTimeout. The same errors.
  Task<void> write_part(std::span<const ByteView> pieces);
  std::size_t part_bytes() const { return chunk_sizer_.bytes(); }
  /// Whether much has passed lately without blocking.
  bool is_quick() const { return chunk_sizer_.is_quick(); }

  /// Another connection is the best now: what is written over the earlier one is given up, since a
  /// peer that comes anew is most likely not there any more. True if there was something to leave.
  bool leave_worse_connection();
  /// The connection ended. Lets go of its stream, which would keep it alive.
  void disconnected(net::ConnectionId connection);
  void drop();

 private:
  System& system_;
  net::Swarm& swarm_;
  const PeerId peer_;
  const std::string writing_to_;
  ChunkSizer chunk_sizer_;
  std::unique_ptr<Stream> stream_;
  net::ConnectionId connection_ = 0;
  Version version_ = Version::v1_2;
  bool was_open_ = false;
  bool writing_ = false;
};

}  // namespace shoal::content::bitswap
