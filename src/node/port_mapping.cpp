#include "node/port_mapping.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "net/path.h"

namespace shoal::node {

namespace {

/// Of /ip4/ADDRESS/tcp|udp/NUMBER/…, with an address that only the local network knows.
std::optional<portmap::Port> forwardable_port(const Multiaddr& address) {
  const auto parts = address.components();
  if (parts.size() < 2 || parts[0].code != AddressCode::ip4) return std::nullopt;
  const bool is_port = parts[1].code == AddressCode::tcp || parts[1].code == AddressCode::udp;
  if (!is_port || parts[1].value.size() != 2 || net::path_of(address) != net::Path::lan) {
    return std::nullopt;
  }
  return portmap::Port{
      .udp = parts[1].code == AddressCode::udp,
      .number = static_cast<std::uint16_t>(parts[1].value[0] << 8 | parts[1].value[1])};
}

/// The same way in, from outside.
Multiaddr seen_from(const Multiaddr& listened, const Endpoint& outside) {
  std::string text = listened.to_string();
  // "/ip4/10.0.0.2/tcp/4001/rest": the rest begins at the fifth slash.
  std::size_t at = 0;
  for (int i = 0; i < 4 && at != std::string::npos; ++i) at = text.find('/', at + 1);
  const std::string rest = at == std::string::npos ? std::string() : text.substr(at);
  const char* const kind = listened.has(AddressCode::udp) ? "/udp/" : "/tcp/";
  return Multiaddr::parse("/ip4/" + outside.address.to_string() + kind +
                          std::to_string(outside.port) + rest);
}

}  // namespace

PortMapping::PortMapping(System& system, net::Swarm& swarm, const Config& config, Refuted refuted)
    : swarm_(swarm),
      enabled_(config.port_mapping),
      refuted_(std::move(refuted)),
      mapper_(system, [this] { return ports(); }) {
  mapper_.when_changed([this] { reconsider(); });
}

void PortMapping::start() {
  if (enabled_) mapper_.start();
}

Task<void> PortMapping::stop() {
  return mapper_.stop();
}

std::vector<portmap::Port> PortMapping::ports() const {
  std::vector<portmap::Port> out;
  for (const Multiaddr& address : swarm_.listen_addresses()) {
    const auto port = forwardable_port(address);
    if (port && std::ranges::find(out, *port) == out.end()) out.push_back(*port);
  }
  return out;
}

std::vector<Multiaddr> PortMapping::addresses() const {
  std::vector<Multiaddr> out;
  const auto mapped = mapper_.mappings();
  if (mapped.empty()) return out;
  for (const Multiaddr& address : swarm_.listen_addresses()) {
    const auto port = forwardable_port(address);
    const auto found = port ? mapped.find(*port) : mapped.end();
    if (found == mapped.end()) continue;
    Multiaddr outside = seen_from(address, found->second);
    if (std::ranges::find(out, outside) == out.end()) out.push_back(std::move(outside));
  }
  return out;
}

void PortMapping::reconsider() {
  const std::vector<Multiaddr> mapped = addresses();
  const auto is_wanted = [&](const Multiaddr& address) {
    return std::ranges::find(mapped, address) != mapped.end() && !refuted_(address);
  };
  bool changed = false;
  std::erase_if(announced_, [&](const Multiaddr& address) {
    if (is_wanted(address)) return false;
    swarm_.withdraw(address);
    changed = true;
    return true;
  });
  const std::vector<Multiaddr> known = swarm_.listen_addresses();
  for (const Multiaddr& address : mapped) {
    if (!is_wanted(address) || std::ranges::find(known, address) != known.end()) continue;
    announced_.insert(address);
    swarm_.announce(address);
    changed = true;
  }
  if (changed && changed_) changed_();
}

}  // namespace shoal::node
