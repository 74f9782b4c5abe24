#include "node/listen.h"

#include <charconv>

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "net/transport/quic/quic_address.h"

namespace shoal::node {

namespace {

constexpr const char* kPortFile = "/port";
constexpr std::size_t kMaxTextBytes = 8;
/// Below the range that systems give to outgoing connections, one of which might have the port when
/// the node starts again.
constexpr std::uint64_t kFirstPort = 10'000;
constexpr std::uint64_t kEndPort = 32'768;
constexpr int kDraws = 8;

/// None before one was kept; a damaged file is as good as none.
std::optional<std::uint16_t> load_port(Storage& storage, const std::string& path) {
  if (!storage.info(path)) return std::nullopt;
  Bytes text(kMaxTextBytes);
  text.resize(storage.open(path, Access::read)->read_at(0, text));
  const std::string_view digits = as_text(text);
  std::uint16_t port = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (port == 0) return std::nullopt;
  return port;
}

void keep_port(Storage& storage, const std::string& path, std::uint16_t port) {
  const auto file = storage.open(path, Access::create);
  file->truncate(0);
  file->write_at(0, as_bytes(std::to_string(port) + "\n"));
}

class Listening {
 public:
  Listening(System& system, net::Swarm& swarm, std::string path)
      : system_(system),
        swarm_(swarm),
        path_(std::move(path)),
        kept_(load_port(system.storage, path_)),
        port_(kept_) {}

  void listen(const Multiaddr& address) {
    const bool quic = quic::quic_endpoint(address).has_value();
    const auto endpoint = quic ? quic::quic_endpoint(address) : address.tcp_endpoint();
    if (!endpoint || endpoint->port != 0) {
      swarm_.listen(address);
      return;
    }
    if (port_ && try_port(endpoint->address, *port_, quic)) return;
    for (int draw = 0; !kept_ && !port_ && draw < kDraws; ++draw) {
      const auto drawn =
          static_cast<std::uint16_t>(kFirstPort + system_.random.below(kEndPort - kFirstPort));
      if (!try_port(endpoint->address, drawn, quic)) continue;
      port_ = drawn;
      keep_port(system_.storage, path_, drawn);
      return;
    }
    swarm_.listen(address);
    if (kept_) taken_ = kept_;
  }

  std::optional<std::uint16_t> taken() const { return taken_; }

 private:
  bool try_port(const IpAddress& address, std::uint16_t port, bool quic) {
    const Endpoint endpoint{address, port};
    try {
      swarm_.listen(quic ? quic::quic_address(endpoint) : Multiaddr::tcp(endpoint));
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  System& system_;
  net::Swarm& swarm_;
  const std::string path_;
  const std::optional<std::uint16_t> kept_;
  std::optional<std::uint16_t> port_;
  std::optional<std::uint16_t> taken_;
};

/// TCP does alone where UDP cannot be had.
void listen_by_quic(Listening& listening) {
  for (const char* any : {"/ip4/0.0.0.0/udp/0/quic-v1", "/ip6/::/udp/0/quic-v1"}) {
    try {
      listening.listen(Multiaddr::parse(any));
    } catch (const Error& error) {
      log_debug("no QUIC: {}", error.what());
    }
  }
}

}  // namespace

std::optional<std::uint16_t> listen_on(System& system, net::Swarm& swarm,
                                       const std::vector<Multiaddr>& addresses,
                                       const std::string& folder, bool quic) {
  Listening listening(system, swarm, folder + kPortFile);
  for (const Multiaddr& address : addresses) listening.listen(address);
  if (!addresses.empty()) return listening.taken();
  std::size_t count = 0;
  for (const char* any : {"/ip4/0.0.0.0/tcp/0", "/ip6/::/tcp/0"}) {
    try {
      listening.listen(Multiaddr::parse(any));
      ++count;
    } catch (const Error&) {
      // A machine may have no IPv6, or no IPv4.
    }
  }
  if (count == 0) throw Error(ErrorCode::failed, "no address to listen on", folder);
  if (quic) listen_by_quic(listening);
  return listening.taken();
}

}  // namespace shoal::node
