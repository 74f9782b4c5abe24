#pragma once

#include <memory>
#include <string>

#include "content/bitswap/message.h"
#include "net/swarm/swarm.h"
#include "system/system.h"

namespace shoal::content::bitswap {

/// A stream to one peer that is opened when there is something to write, and again after it broke.
/// Used by one task at a time.
class OutboundStream {
 public:
  /// A peer that takes nothing for so long is not waited for.
  static constexpr Duration kWriteTimeout = 2min;

  OutboundStream(System& system, net::Swarm& swarm, PeerId peer)
      : system_(system), swarm_(swarm), peer_(std::move(peer)) {}

  /// True when it had to be opened, on the best connection there is. Throws Error{closed} without
  /// one, and what Connection::open throws.
  Task<bool> ready();
  Version version() const { return version_; }

  /// Throws Error; the stream is then gone.
  Task<void> write(const EncodedMessage& message);

  /// The connection ended. Lets go of its stream, which would keep it alive.
  void disconnected(net::ConnectionId connection);
  void drop();

 private:
  System& system_;
  net::Swarm& swarm_;
  const PeerId peer_;
  std::unique_ptr<Stream> stream_;
  net::ConnectionId connection_ = 0;
  Version version_ = Version::v1_2;
  bool writing_ = false;
};

}  // namespace shoal::content::bitswap
