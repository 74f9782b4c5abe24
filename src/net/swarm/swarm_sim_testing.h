#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/swarm_testing.h"
#include "net/transport/tcp/tcp.h"

namespace shoal::net::testing {

inline std::optional<ErrorCode> code_of(const std::optional<Error>& failure) {
  return failure ? std::optional(failure->code()) : std::nullopt;
}

inline Multiaddr nobody(std::string host = "203.0.113.9") {
  return Multiaddr::parse("/ip4/" + host + "/tcp/4001");
}

inline Task<std::string> ask(Swarm& swarm, PeerId peer, std::string text,
                             std::vector<std::string> protocols = {kEcho}) {
  ProtocolStream opened = co_await swarm.open(peer, std::move(protocols));
  co_await write_all(*opened.stream, as_bytes(text));
  co_await opened.stream->close_write();
  const Bytes answer = co_await read_to_end(*opened.stream);
  co_return std::string(as_text(answer));
}

inline Task<void> count_in(Task<ConnectionId> task, std::vector<ConnectionId>& into) {
  into.push_back(co_await std::move(task));
}

inline Task<void> hold(System& system, ProtocolStream) {
  co_await system.clock.sleep_for(1h);
}

inline Task<void> flood(Swarm& swarm, PeerId peer) {
  ProtocolStream opened = co_await swarm.open(peer, {kEcho});
  const Bytes much = pattern_bytes(1'000'000);
  while (true) co_await write_all(*opened.stream, much);
}

/// A dialler of its own beside the swarm's, which would share one connection.
inline Task<void> dial_into(Upgrader& upgrader, System& system, const TestNode& to,
                            std::vector<Link>& into) {
  auto transport = make_tcp_transport(system, upgrader);
  Link link = co_await transport->dial(to.address(), to.id, DialAs{});
  into.push_back(std::move(link));
}

}  // namespace shoal::net::testing
