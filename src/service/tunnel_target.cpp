#include "service/tunnel_target.h"

#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"

namespace shoal::service {

namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kUdp = "udp://";
constexpr std::string_view kLocalhost = "localhost";

[[noreturn]] void reject_target(std::string_view text) {
  throw Error(ErrorCode::usage, "'" + std::string(text) + "' names no service", {},
              "it is HOST:PORT, such as localhost:22 or [::1]:5432, a PORT of this machine, udp:// "
              "and one of these, or unix:PATH");
}

std::uint16_t parse_port(std::string_view text, std::string_view whole) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) reject_target(whole);
  return port;
}

bool is_host(std::string_view text) {
  if (text.empty() || text.size() > TunnelTarget::kMaxHostBytes) return false;
  return text.find_first_of(" /\\@[]\t\r\n") == std::string_view::npos;
}

Task<std::vector<IpAddress>> look_up_host(System& system, std::string host) {
  if (const auto literal = IpAddress::parse(host)) co_return std::vector{*literal};
  std::vector<IpAddress> found;
  std::string reason;
  try {
    found = co_await system.resolver.addresses(host);
  } catch (const Error& error) {
    reason = error.what();
  }
  if (found.empty()) throw Error(ErrorCode::unreachable, "no address found: " + reason, host);
  if (found.size() > TunnelTarget::kMaxAddresses) found.resize(TunnelTarget::kMaxAddresses);
  co_return found;
}

}  // namespace

TunnelTarget TunnelTarget::parse(std::string_view text) {
  if (text.starts_with(kUnix)) {
    if (text.size() == kUnix.size()) reject_target(text);
    return {.unix_path = std::string(text.substr(kUnix.size()))};
  }
  if (text.starts_with(kUdp)) {
    const std::string_view rest = text.substr(kUdp.size());
    if (rest.starts_with(kUdp) || rest.starts_with(kUnix)) reject_target(text);
    TunnelTarget target = parse(rest);
    target.udp = true;
    return target;
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return {.host = std::string(kLocalhost), .port = parse_port(text, text)};
  }
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto literal = IpAddress::parse(host);
  // An IPv6 address without brackets could end in what looks like a port.
  const bool is_v6 = literal && literal->is_v6();
  if (!is_host(host) || bracketed != is_v6 || (!is_v6 && host.contains(':'))) reject_target(text);
  return {.host = std::string(host), .port = parse_port(text.substr(colon + 1), text)};
}

std::string TunnelTarget::to_string() const {
  if (!unix_path.empty()) return std::string(kUnix) + unix_path;
  const bool bare = !host.contains(':');
  const std::string at = (bare ? host : "[" + host + "]") + ":" + std::to_string(port);
  return udp ? std::string(kUdp) + at : at;
}

Endpoint parse_local(const std::string& text) {
  const auto colon = text.rfind(':');
  const bool port_only = colon == std::string::npos;
  std::string host = port_only ? std::string(kLocalhost) : text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address =
      host == kLocalhost ? std::optional(IpAddress::loopback_v4()) : IpAddress::parse(host);
  const std::string digits = port_only ? text : text.substr(colon + 1);
  std::uint16_t port = 0;
  const char* const end = digits.data() + digits.size();
  const auto [read, error] = std::from_chars(digits.data(), end, port);
  if (address && error == std::errc() && read == end && !digits.empty()) return {*address, port};
  throw Error(ErrorCode::usage, "cannot listen at '" + text + "'", {},
              "it is a PORT, or HOST:PORT with an address of this machine, such as 127.0.0.1:8080");
}

Task<std::unique_ptr<Stream>> connect_to(System& system, TunnelTarget target) {
  if (!target.unix_path.empty()) {
    std::string path = system.storage.absolute(target.unix_path);
    std::unique_ptr<Stream> stream = co_await system.network.connect_unix(std::move(path));
    co_return stream;
  }
  const std::vector<IpAddress> addresses = co_await look_up_host(system, target.host);
  std::optional<Error> failure;
  for (const IpAddress& address : addresses) {
    try {
      std::unique_ptr<Stream> stream = co_await system.network.connect({address, target.port});
      co_return stream;
    } catch (const Error& error) {
      if (!failure) failure = error;
    }
  }
  throw Error(ErrorCode::unreachable, failure->message(), target.to_string());
}

Task<Endpoint> datagram_endpoint(System& system, TunnelTarget target) {
  const std::vector<IpAddress> addresses = co_await look_up_host(system, target.host);
  co_return Endpoint{addresses.front(), target.port};
}

}  // namespace shoal::service
