// A Shoal node that does what it is told: one JSON object a line on stdin, one answer a line on
// stdout, each {"ok": ...} or {"error": "..."}. `interop_peer HOME` listens on loopback, and ends
// with its stdin. The peers of the other implementations take the same commands.
//
//     --security noise|tls   that protocol alone
//     --network-key FILE     the private network's key, as swarm.key
#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "interop/shoal/echo.h"
#include "node/node.h"
#include "protocol/perf/perf.h"
#include "protocol/ping/ping.h"
#include "system/os/world.h"

namespace shoal::interop {

namespace {

namespace json = boost::json;

constexpr Duration kPatience = 10s;
constexpr Duration kLook = 10ms;
constexpr Duration kAddressLifetime = 1h;

std::string text(const json::object& given, const char* name) {
  const json::value* found = given.if_contains(name);
  if (found == nullptr) throw Error(ErrorCode::usage, std::string("no ") + name);
  return std::string(found->as_string());
}

std::uint64_t number(const json::object& given, const char* name) {
  const json::value* found = given.if_contains(name);
  if (found == nullptr) throw Error(ErrorCode::usage, std::string("no ") + name);
  return found->to_number<std::uint64_t>();
}

json::object describe(const net::Connection& connection) {
  return {
      {"peer_id", connection.peer().to_string()},
      {"direction", connection.direction() == net::Direction::outbound ? "outbound" : "inbound"},
      {"security", connection.security()},
      {"muxer", connection.muxer_protocol()},
      {"remote", connection.remote().to_string()}};
}

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

class Peer {
 public:
  Peer(System& system, std::string home, net::UpgradeOptions upgrade)
      : system_(system), node_(system, config(std::move(home), std::move(upgrade))) {
    perf::serve(system, node_.swarm());
    node_.swarm().protocols().add(kEchoProtocol, [this](net::ProtocolStream stream) {
      return serve_echo(node_.swarm(), std::move(stream), served_);
    });
    node_.start();
  }

  json::object listening() const {
    json::array addresses;
    for (const Multiaddr& each : node_.addresses()) addresses.emplace_back(each.to_string());
    return {{"peer_id", node_.id().to_string()}, {"addresses", std::move(addresses)}};
  }

  Task<json::value> obey(json::object given) {
    const std::string todo = text(given, "do");
    if (todo == "dial") co_return co_await dial(text(given, "address"));
    if (todo == "connections") co_return connections();
    if (todo == "serve") co_return serve(text(given, "protocol"));
    if (todo == "served") {
      co_return json::object{
          {"whole", served_.whole}, {"broken", served_.broken}, {"bytes", served_.bytes}};
    }
    const PeerId peer = PeerId::parse(text(given, "peer_id"));
    net::Swarm& swarm = node_.swarm();
    if (todo == "identify") co_return co_await identify(peer);
    if (todo == "ping") co_return co_await ping(peer, number(given, "count"));
    if (todo == "hang_up") {
      swarm.disconnect(peer);
      co_return json::object{};
    }
    if (todo == "perf") co_return co_await measure(peer, number(given, "bytes"));
    const TimePoint start = system_.clock.now();
    if (todo == "echo") {
      co_await echo(system_, swarm, peer, number(given, "streams"), number(given, "bytes"));
    } else if (todo == "reset") {
      co_await reset(system_, swarm, peer, number(given, "count"));
    } else {
      throw Error(ErrorCode::usage, "no command " + todo);
    }
    co_return json::object{{"seconds", seconds(system_.clock.now() - start)}};
  }

  Task<void> stop() { return node_.stop(); }

 private:
  static node::Config config(std::string home, net::UpgradeOptions upgrade) {
    return {.home = std::move(home),
            .listen = listen_addresses(upgrade),
            .connect = {},
            .up = 0,
            .down = 0,
            .agent = "interop-shoal",
            .upgrade = std::move(upgrade),
            .quic = true};
  }

  /// Private networks have no QUIC.
  static std::vector<Multiaddr> listen_addresses(const net::UpgradeOptions& upgrade) {
    std::vector<Multiaddr> out = {Multiaddr::parse("/ip4/127.0.0.1/tcp/0"),
                                  Multiaddr::parse("/ip4/127.0.0.1/tcp/0/ws"),
                                  Multiaddr::parse("/ip4/127.0.0.1/tcp/0/tls/ws")};
    if (!upgrade.network_key) out.push_back(Multiaddr::parse("/ip4/127.0.0.1/udp/0/quic-v1"));
    return out;
  }

  Task<json::value> dial(std::string address_text) {
    const Multiaddr address = Multiaddr::parse(address_text);
    const PeerId peer = address.peer().value();
    node_.swarm().peers().add_address(peer, address.without_peer(),
                                      net::AddressSource::given_by_user, kAddressLifetime);
    const net::ConnectionId id = co_await node_.swarm().connect(peer);
    const net::Connection* connection = node_.swarm().find(id);
    if (connection == nullptr) throw Error(ErrorCode::closed, "the connection ended at once");
    co_return describe(*connection);
  }

  json::array connections() {
    json::array out;
    for (const net::Connection* each : node_.swarm().connections().all()) {
      out.push_back(describe(*each));
    }
    return out;
  }

  json::object serve(const std::string& protocol) {
    node_.swarm().protocols().add(protocol, serve_nothing);
    return {};
  }

  Task<json::value> identify(PeerId peer) {
    const TimePoint end = system_.clock.now() + kPatience;
    net::PeerStore& peers = node_.swarm().peers();
    while (peers.protocols(peer) == nullptr) {
      if (system_.clock.now() > end) throw Error(ErrorCode::timeout, "not identified");
      co_await system_.clock.sleep_for(kLook);
    }
    json::array addresses;
    for (const Multiaddr& each : peers.addresses(peer)) addresses.emplace_back(each.to_string());
    const auto& observed = node_.identify().observed();
    const auto seen = observed.find(peer);
    co_return json::object{{"agent", peers.agent(peer)},
                           {"protocols", json::value_from(*peers.protocols(peer))},
                           {"addresses", std::move(addresses)},
                           {"observed", seen == observed.end() ? "" : seen->second.to_string()}};
  }

  Task<json::value> ping(PeerId peer, std::uint64_t count) {
    ping::Pinger pinger(system_, node_.swarm());
    co_await pinger.open(peer);
    json::array out;
    while (out.size() < count) {
      const Duration time = co_await pinger.ping(kPatience);
      out.emplace_back(std::chrono::duration<double, std::milli>(time).count());
    }
    co_return out;
  }

  Task<json::value> measure(PeerId peer, std::uint64_t bytes) {
    perf::Perf perf(system_, node_.swarm());
    const perf::Measurement up = co_await perf.upload(peer, bytes);
    const perf::Measurement down = co_await perf.download(peer, bytes);
    co_return json::object{{"up_seconds", seconds(up.time)}, {"down_seconds", seconds(down.time)}};
  }

  System& system_;
  Served served_;
  node::Node node_;
};

void say(const json::object& answer) {
  std::cout << json::serialize(answer) << std::endl;
}

std::optional<std::string> read_line() {
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

Task<json::object> answer(Peer& peer, std::string line) {
  try {
    json::value result = co_await peer.obey(json::parse(line).as_object());
    co_return json::object{{"ok", std::move(result)}};
  } catch (const std::exception& error) {
    co_return json::object{{"error", error.what()}};
  }
}

struct Arguments {
  std::string home;
  net::UpgradeOptions upgrade;
};

Bytes content_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A certificate with its key, which is trusted as well.
net::WebTlsOptions web_tls() {
  const char* file = std::getenv("INTEROP_CERTIFICATE");
  if (file == nullptr) return {};
  const Bytes pem = content_of(file);
  return {.certificates = pem, .key = pem, .roots_file = file};
}

std::optional<Arguments> parse(std::span<char*> words) {
  if (words.size() % 2 != 1) return std::nullopt;
  Arguments out{.home = words.front(), .upgrade = {.web_tls = web_tls()}};
  for (words = words.subspan(1); !words.empty(); words = words.subspan(2)) {
    const std::string_view flag = words[0];
    const std::string_view value = words[1];
    if (flag == "--security" && (value == "noise" || value == "tls")) {
      out.upgrade.security = {value == "tls" ? net::Security::tls : net::Security::noise};
    } else if (flag == "--network-key") {
      out.upgrade.network_key = pnet::NetworkKey::parse(content_of(words[1]));
    } else {
      return std::nullopt;
    }
  }
  return out;
}

Task<void> run(System& system, Arguments arguments) {
  Peer peer(system, std::move(arguments.home), std::move(arguments.upgrade));
  say({{"ok", peer.listening()}});
  while (true) {
    std::optional<std::string> line = co_await offload(system.offload, read_line);
    if (!line) break;
    const json::object told = co_await answer(peer, std::move(*line));
    say(told);
  }
  co_await peer.stop();
}

}  // namespace

}  // namespace shoal::interop

int main(int argc, char** argv) {
  const auto arguments =
      shoal::interop::parse({argv + 1, static_cast<std::size_t>(std::max(argc - 1, 0))});
  if (!arguments) {
    std::fputs("usage: interop_peer HOME [--security noise|tls] [--network-key FILE]\n", stderr);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  // One thread waits for the next line; another does the node's work.
  shoal::os::World world({.offload_threads = 2});
  world.run(shoal::interop::run(world.system(), *arguments));
}
