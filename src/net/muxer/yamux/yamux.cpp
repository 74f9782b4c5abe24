#include "net/muxer/yamux/yamux.h"

#include "net/muxer/yamux/yamux_muxer.h"

namespace shoal::net {

std::unique_ptr<Muxer> make_yamux(System& system, std::unique_ptr<Stream> stream,
                                  Direction direction) {
  const auto role = direction == Direction::outbound ? yamux::Role::client : yamux::Role::server;
  return std::make_unique<yamux::YamuxMuxer>(system, std::move(stream), role);
}

}  // namespace shoal::net
