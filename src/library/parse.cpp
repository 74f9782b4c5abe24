#include "library/parse.h"

#include "base/error.h"

namespace shoal::library {

namespace {
// multistream-select: the longest line that every implementation takes is 1024 bytes.
constexpr std::size_t kMaxProtocolBytes = 1000;
}  // namespace

Multiaddr to_address(const std::string& text) {
  try {
    return Multiaddr::parse(text);
  } catch (const Error& error) {
    throw Error(ErrorCode::usage, "no address: " + error.message(), text,
                "an address looks like /ip4/192.0.2.1/tcp/4001");
  }
}

std::vector<Multiaddr> to_addresses(const std::vector<std::string>& texts) {
  std::vector<Multiaddr> out;
  for (const std::string& text : texts) out.push_back(to_address(text));
  return out;
}

std::vector<Multiaddr> to_peer_addresses(const std::vector<std::string>& texts) {
  std::vector<Multiaddr> out = to_addresses(texts);
  for (const Multiaddr& address : out) {
    if (address.peer()) continue;
    throw Error(ErrorCode::usage, "the address does not end in /p2p/ID", address.to_string());
  }
  return out;
}

Target to_target(const std::string& text) {
  if (text.starts_with('/')) {
    const Multiaddr address = to_address(text);
    const auto peer = address.peer();
    if (!peer) throw Error(ErrorCode::usage, "the address does not end in /p2p/ID", text);
    const Multiaddr rest = address.without_peer();
    if (rest.empty()) return {*peer, std::nullopt};
    return {*peer, rest};
  }
  try {
    return {PeerId::parse(text), std::nullopt};
  } catch (const Error& error) {
    throw Error(ErrorCode::usage, "no peer id: " + error.message(), text,
                "an id looks like 12D3KooW…, an address with one like /ip4/…/tcp/…/p2p/12D3KooW…");
  }
}

service::Link to_link(const std::string& text, const std::vector<std::string>& providers,
                      const std::vector<Multiaddr>& known) {
  service::Link out = service::Link::parse(text, !providers.empty() || !known.empty());
  for (const std::string& provider : providers) {
    const Target target = to_target(provider);
    const Multiaddr address = target.address.value_or(Multiaddr());
    out.providers.push_back(address.with_peer(target.peer));
  }
  out.providers.insert(out.providers.end(), known.begin(), known.end());
  return out;
}

void check_protocol(const std::string& name) {
  if (!name.starts_with('/') || name.contains('\n') || name.size() > kMaxProtocolBytes) {
    throw Error(ErrorCode::usage, "no name of a protocol, which looks like /echo/1.0.0", name);
  }
}

}  // namespace shoal::library
