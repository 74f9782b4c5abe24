#include "net/swarm/address_resolver.h"

#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace shoal::net {

namespace {

constexpr std::string_view kDnsaddrPrefix = "dnsaddr=";

AddressCode first_code(const Multiaddr& address) {
  const auto parts = address.components();
  return parts.empty() ? AddressCode::memory : parts.front().code;
}

std::string host_of(const Multiaddr& address) {
  return std::string(as_text(address.components().front().value));
}

/// What follows the first component: "/tcp/443/…", or nothing.
std::string behind_name(const Multiaddr& address) {
  const std::string text = address.to_string();
  const std::size_t at = text.find('/', text.find('/', 1) + 1);
  return at == std::string::npos ? std::string() : text.substr(at);
}

void replace_first(std::string& text, std::string_view what, const std::string& with) {
  const std::size_t at = text.find(what);
  if (at != std::string::npos) text.replace(at, what.size(), with);
}

/// TLS for WebSocket needs the name that is about to be replaced.
std::string with_server_name(std::string rest, const std::string& host) {
  if (rest.find("/sni/") != std::string::npos) return rest;
  replace_first(rest, "/wss", "/tls/ws");
  replace_first(rest, "/tls/ws", "/tls/sni/" + host + "/ws");
  return rest;
}

bool is_wanted(AddressCode kind, const IpAddress& ip) {
  if (kind == AddressCode::dns4) return !ip.is_v6();
  if (kind == AddressCode::dns6) return ip.is_v6();
  return true;
}

/// None when a TXT record is not a usable address of `peer` that ends in `suffix`.
std::optional<Multiaddr> address_in(std::string_view text, const PeerId& peer,
                                    const std::string& suffix) {
  if (!text.starts_with(kDnsaddrPrefix)) return std::nullopt;
  try {
    const Multiaddr named = Multiaddr::parse(text.substr(kDnsaddrPrefix.size()));
    if (named.peer() && *named.peer() != peer) return std::nullopt;
    const Multiaddr out = named.without_peer();
    if (out.empty() || !out.to_string().ends_with(suffix)) return std::nullopt;
    return out;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

bool AddressResolver::has_name(const Multiaddr& address) {
  switch (first_code(address)) {
    case AddressCode::dns:
    case AddressCode::dns4:
    case AddressCode::dns6:
    case AddressCode::dnsaddr:
      return true;
    default:
      return false;
  }
}

Task<std::vector<Multiaddr>> AddressResolver::resolve(Multiaddr address, PeerId peer) {
  std::deque<std::pair<Multiaddr, std::size_t>> names;
  names.emplace_back(std::move(address), 1);
  std::vector<Multiaddr> out;
  std::exception_ptr failure;
  for (std::size_t lookups = 0; !names.empty() && lookups < kMaxLookups; ++lookups) {
    const auto [name, depth] = std::move(names.front());
    names.pop_front();
    std::vector<Multiaddr> found;
    try {
      found = co_await look_up(name, peer);
    } catch (const Error&) {
      failure = std::current_exception();
    }
    for (Multiaddr& each : found) {
      if (!has_name(each)) {
        if (out.size() < kMaxAddresses) out.push_back(std::move(each));
      } else if (depth < kMaxDepth) {
        names.emplace_back(std::move(each), depth + 1);
      }
    }
  }
  if (!out.empty()) co_return out;
  if (failure) std::rethrow_exception(failure);
  throw Error(ErrorCode::not_found, "the name has no address");
}

Task<std::vector<Multiaddr>> AddressResolver::look_up(Multiaddr address, PeerId peer) {
  if (first_code(address) != AddressCode::dnsaddr) return look_up_host(std::move(address));
  return look_up_dnsaddr(std::move(address), std::move(peer));
}

Task<std::vector<Multiaddr>> AddressResolver::look_up_host(Multiaddr address) {
  const std::string host = host_of(address);
  const AddressCode kind = first_code(address);
  const std::vector<IpAddress> found = co_await resolver_.addresses(host);
  const std::string rest = with_server_name(behind_name(address), host);
  std::vector<Multiaddr> out;
  for (const IpAddress& ip : found) {
    if (!is_wanted(kind, ip)) continue;
    out.push_back(Multiaddr::parse((ip.is_v6() ? "/ip6/" : "/ip4/") + ip.to_string() + rest));
  }
  co_return out;
}

Task<std::vector<Multiaddr>> AddressResolver::look_up_dnsaddr(Multiaddr address, PeerId peer) {
  const std::vector<std::string> texts = co_await resolver_.texts("_dnsaddr." + host_of(address));
  const std::string suffix = behind_name(address);
  std::vector<Multiaddr> out;
  for (const std::string& text : texts) {
    if (auto named = address_in(text, peer, suffix)) out.push_back(std::move(*named));
  }
  co_return out;
}

}  // namespace shoal::net
