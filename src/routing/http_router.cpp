#include "routing/http_router.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "system/timeout.h"

namespace shoal::routing {

namespace {

constexpr std::size_t kReadBytes = std::size_t{16} << 10;
// Answers that say that nobody is known.
constexpr int kNotFound = 404;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

[[noreturn]] void bad_url(std::string_view text, const char* why) {
  throw Error(ErrorCode::usage, fmt::format("{}: {}", text, why), {},
              "such as http://127.0.0.1:8080");
}

bool is_plain(char one) {
  return one > ' ' && one < 0x7f && one != '"' && one != '<' && one != '>' && one != '\\';
}

std::uint16_t port_of(std::string_view text, std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (problem != std::errc() || end != digits.data() + digits.size() || port == 0) {
    bad_url(text, "its port is no number from 1 to 65535");
  }
  return port;
}

Task<void> read_answer(Stream& stream, HttpAnswer& answer) {
  Bytes buffer(kReadBytes);
  while (!answer.done()) {
    const std::size_t count = co_await stream.read_some(buffer);
    if (count == 0) {
      answer.end();
      co_return;
    }
    answer.take(ByteView(buffer).first(count));
  }
}

}  // namespace

RouterUrl RouterUrl::parse(std::string_view text) {
  RouterUrl out;
  out.secure = text.starts_with("https://");
  const std::string_view scheme = out.secure ? "https://" : "http://";
  if (!text.starts_with(scheme) || text.size() > kMaxBytes ||
      !std::ranges::all_of(text, is_plain)) {
    bad_url(text, "this is no http:// or https:// URL");
  }
  out.port = out.secure ? kHttpsPort : kHttpPort;
  const std::string_view rest = text.substr(scheme.size());
  std::string_view place = rest.substr(0, rest.find_first_of("/?#"));
  std::string_view path = rest.substr(place.size());
  if (path.find_first_of("?#") != std::string_view::npos) bad_url(text, "only a path may follow");
  if (place.find('@') != std::string_view::npos) bad_url(text, "no name or password is sent");
  while (path.ends_with('/')) path.remove_suffix(1);
  out.path = path;
  std::size_t host_end = place.find(':');
  if (place.starts_with('[')) {
    const std::size_t close = place.find(']');
    if (close == std::string_view::npos) bad_url(text, "a bracket is not closed");
    out.host = place.substr(1, close - 1);
    host_end = close + 1;
  } else {
    out.host = place.substr(0, host_end);
  }
  place.remove_prefix(std::min(host_end, place.size()));
  if (!place.empty() && !place.starts_with(':')) bad_url(text, "this is no host");
  if (place.starts_with(':')) out.port = port_of(text, place.substr(1));
  if (out.host.empty() || out.host.size() > 253) bad_url(text, "this is no host");
  if (out.secure && IpAddress::parse(out.host)) {
    bad_url(text, "https takes a name, which the certificate is verified by");
  }
  return out;
}

std::string RouterUrl::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  std::string out = v6 ? "[" + host + "]" : host;
  if (port != (secure ? kHttpsPort : kHttpPort)) out += ":" + std::to_string(port);
  return out;
}

HttpRouter::HttpRouter(System& system, net::WebTls& tls, RouterUrl url)
    : system_(system), tls_(tls), url_(std::move(url)), where_("at " + url_.authority()) {}

Task<void> HttpRouter::find_providers(Cid cid, FoundSink sink) {
  co_await ask("providers/" + cid.to_string(), std::move(sink));
}

/// The spec has a peer id in this place as a CID; servers take both.
Task<void> HttpRouter::find_peer(PeerId peer, FoundSink sink) {
  const Cid name = Cid::v1(Codec::libp2p_key, Multihash::decode(peer.encoded()));
  co_await ask("peers/" + name.to_string(), std::move(sink));
}

Task<void> HttpRouter::ask(std::string question, FoundSink sink) {
  const std::string what = "an answer of the router " + url_.authority();
  Task<HttpAnswer> asking = get(std::move(question));
  const HttpAnswer answer = co_await within(system_.clock, kTimeout, std::move(asking), what);
  if (answer.status() == kNotFound) co_return;
  if (answer.status() != 200) {
    throw Error(ErrorCode::failed,
                fmt::format("the router {} answered {}", url_.authority(), answer.status()));
  }
  const bool lines = answer.content_type() == "application/x-ndjson";
  const auto ip = IpAddress::parse(url_.host);
  const bool near = ip && ip->is_loopback();
  // What comes from afar does not lead into the local network.
  const kad::AddressPolicy policy(near ? kad::Scope::lan : kad::Scope::internet, near);
  for (const DelegatedPeer& peer : decode_delegated(answer.body(), lines)) {
    sink({.peer = peer.id, .addresses = policy.allowed(peer.addresses), .source = Source::http});
  }
}

std::string HttpRouter::request(const std::string& question) const {
  return fmt::format(
      "GET {}/routing/v1/{} HTTP/1.1\r\nHost: {}\r\nAccept: application/x-ndjson, "
      "application/json\r\nUser-Agent: shoal\r\nConnection: close\r\n\r\n",
      url_.path, question, url_.authority());
}

Task<HttpAnswer> HttpRouter::get(std::string question) {
  std::unique_ptr<Stream> stream = co_await connect();
  const std::string text = request(question);
  co_await write_all(*stream, as_bytes(text));
  HttpAnswer answer;
  co_await read_answer(*stream, answer);
  co_return answer;
}

Task<std::unique_ptr<Stream>> HttpRouter::connect() {
  std::vector<IpAddress> addresses;
  if (const auto ip = IpAddress::parse(url_.host)) {
    addresses.push_back(*ip);
  } else {
    addresses = co_await system_.resolver.addresses(url_.host);
  }
  if (addresses.size() > kMaxTried) addresses.resize(kMaxTried);
  std::exception_ptr last;
  for (const IpAddress& address : addresses) {
    try {
      std::unique_ptr<Stream> stream = co_await connect_to(address);
      co_return stream;
    } catch (const Error&) {
      last = std::current_exception();
    }
  }
  if (last) std::rethrow_exception(last);
  throw Error(ErrorCode::not_found, "no address of the router " + url_.authority());
}

Task<std::unique_ptr<Stream>> HttpRouter::connect_to(IpAddress address) {
  std::unique_ptr<Stream> stream = co_await system_.network.connect({address, url_.port});
  if (url_.secure) stream = co_await tls_.outbound(std::move(stream), url_.host);
  co_return stream;
}

}  // namespace shoal::routing
