#include "protocol/portmap/upnp_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.h"
#include "protocol/portmap/upnp_text.h"

namespace shoal::portmap::upnp {

namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::uint16_t kSearchPort = 1900;
constexpr std::uint16_t kHttpPort = 80;
/// How many services of a router are looked at.
constexpr int kMaxServices = 64;

/// The best first.
constexpr std::array<std::string_view, 3> kServices = {
    "urn:schemas-upnp-org:service:WANIPConnection:2",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
};

[[noreturn]] void throw_malformed(const char* what) {
  throw Error(ErrorCode::malformed, what);
}

template <class Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

bool is_plain(char c) {
  return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>';
}

std::string url_path(std::string_view text) {
  if (text.size() > kMaxUrlBytes) throw Error(ErrorCode::limit, "a URL of more than 512 bytes");
  if (!std::ranges::all_of(text, is_plain)) throw_malformed("a URL with foreign characters");
  return text.starts_with('/') ? std::string(text) : "/" + std::string(text);
}

std::string soap(const Service& service, std::string_view action, std::string_view arguments) {
  const std::string body = fmt::format(
      "<?xml version=\"1.0\"?>\r\n"
      "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\""
      " s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">"
      "<s:Body><u:{0} xmlns:u=\"{1}\">{2}</u:{0}></s:Body></s:Envelope>\r\n",
      action, service.type, arguments);
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: text/xml; charset=\"utf-8\"\r\n"
      "SOAPAction: \"{}#{}\"\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
      service.control.path, service.control.host.to_string(), service.type, action, body.size(),
      body);
}

std::string_view protocol_name(const Port& port) {
  return port.udp ? "UDP" : "TCP";
}

/// The body of an answer in chunks; none when it is not whole.
std::optional<std::string> unchunked(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t end = text.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    const auto size = number<std::uint32_t>(trimmed(line.substr(0, line.find(';'))), 16);
    if (!size || *size > kMaxHttpBytes) throw_malformed("a chunk of no size");
    text.remove_prefix(end + 2);
    if (*size == 0) return out;
    if (text.size() < *size + 2) return std::nullopt;
    out.append(text.substr(0, *size));
    text.remove_prefix(*size + 2);
  }
}

}  // namespace

Endpoint search_group() {
  return {IpAddress::v4({239, 255, 255, 250}), kSearchPort};
}

Url Url::parse(std::string_view text) {
  if (text.size() < kScheme.size() || !same_word(text.substr(0, kScheme.size()), kScheme)) {
    throw Error(ErrorCode::unsupported, "a URL of another kind than http");
  }
  text.remove_prefix(kScheme.size());
  const std::size_t slash = text.find('/');
  const std::string_view authority = text.substr(0, slash);
  const std::size_t colon = authority.find(':');
  const auto address = IpAddress::parse(authority.substr(0, colon));
  const auto port = colon == std::string_view::npos
                        ? kHttpPort
                        : number<std::uint16_t>(authority.substr(colon + 1));
  if (!address || address->is_v6() || !port || *port == 0) {
    throw Error(ErrorCode::unsupported, "a URL without an IPv4 address");
  }
  return {.host = {*address, *port},
          .path = url_path(slash == std::string_view::npos ? "/" : text.substr(slash))};
}

Url Url::resolve(std::string_view text) const {
  if (text.find("://") != std::string_view::npos) return parse(text);
  return {.host = host, .path = url_path(text)};
}

std::string search_request() {
  return fmt::format(
      "M-SEARCH * HTTP/1.1\r\nHOST: {}\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n"
      "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n",
      search_group().to_string());
}

std::optional<Url> decode_search_answer(std::string_view text) {
  if (text.size() > kMaxSearchAnswerBytes) {
    throw Error(ErrorCode::limit, "an answer to a search of more than 2 KiB");
  }
  if (!text.starts_with("HTTP/1.1 200")) throw_malformed("no answer to a search");
  const auto target = field(text, "ST");
  if (!target || target->find(":InternetGatewayDevice:") == std::string_view::npos) {
    return std::nullopt;
  }
  const auto location = field(text, "LOCATION");
  if (!location) throw_malformed("an answer to a search that names no URL");
  return Url::parse(*location);
}

std::string get_request(const Url& url) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", url.path,
                     url.host.to_string());
}

std::optional<HttpAnswer> decode_http(std::string_view text, bool ended) {
  if (text.size() > kMaxHttpBytes) {
    throw Error(ErrorCode::limit, "an answer by HTTP of more than 64 KiB");
  }
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == std::string_view::npos) {
    if (ended) throw_malformed("an answer by HTTP without a head");
    return std::nullopt;
  }
  const std::string_view head = text.substr(0, head_end);
  const std::string_view body = text.substr(head_end + 4);
  constexpr std::size_t kStatusAt = 9;
  const auto status = head.starts_with("HTTP/1.") && head.size() >= kStatusAt + 3
                          ? number<int>(head.substr(kStatusAt, 3))
                          : std::nullopt;
  if (!status || *status < 100) throw_malformed("an answer by HTTP without a status");
  const auto coding = field(head, "Transfer-Encoding");
  const auto length = field(head, "Content-Length");
  if (coding && same_word(*coding, "chunked")) {
    auto whole = unchunked(body);
    if (whole) return HttpAnswer{.status = *status, .body = std::move(*whole)};
  } else if (length) {
    const auto bytes = number<std::uint32_t>(*length);
    if (!bytes) throw_malformed("an answer by HTTP of no length");
    if (*bytes > kMaxHttpBytes) {
      throw Error(ErrorCode::limit, "an answer by HTTP of more than 64 KiB");
    }
    if (body.size() >= *bytes) {
      return HttpAnswer{.status = *status, .body = std::string(body.substr(0, *bytes))};
    }
  } else if (ended) {
    return HttpAnswer{.status = *status, .body = std::string(body)};
  }
  if (ended) throw_malformed("an answer by HTTP that ends early");
  return std::nullopt;
}

Service decode_description(std::string_view xml, const Url& from) {
  const auto base = element(xml, "URLBase");
  const Url root = base && !base->empty() ? Url::parse(*base) : from;
  std::optional<Service> out;
  for (int looked = 0; looked < kMaxServices; ++looked) {
    const auto service = take_element(xml, "service");
    if (!service) break;
    const auto type = element(*service, "serviceType");
    const auto control = element(*service, "controlURL");
    if (!type || !control) continue;
    const auto* const known = std::ranges::find(kServices, *type);
    if (known == kServices.end()) continue;
    const bool better = !out || known < std::ranges::find(kServices, out->type);
    if (better) out = Service{.type = *known, .control = root.resolve(*control)};
  }
  if (!out) throw Error(ErrorCode::unsupported, "the router forwards no ports by UPnP");
  if (out->control.host.address != from.host.address) {
    throw_malformed("the router sends us to another host");
  }
  return *out;
}

std::string add_request(const Service& service, const Mapping& mapping) {
  const std::string arguments = fmt::format(
      "<NewRemoteHost></NewRemoteHost><NewExternalPort>{}</NewExternalPort>"
      "<NewProtocol>{}</NewProtocol><NewInternalPort>{}</NewInternalPort>"
      "<NewInternalClient>{}</NewInternalClient><NewEnabled>1</NewEnabled>"
      "<NewPortMappingDescription>shoal</NewPortMappingDescription>"
      "<NewLeaseDuration>{}</NewLeaseDuration>",
      mapping.outside, protocol_name(mapping.port), mapping.port.number, mapping.own.to_string(),
      mapping.lease_seconds);
  return soap(service, "AddPortMapping", arguments);
}

std::string delete_request(const Service& service, const Port& port, std::uint16_t outside) {
  const std::string arguments = fmt::format(
      "<NewRemoteHost></NewRemoteHost><NewExternalPort>{}</NewExternalPort>"
      "<NewProtocol>{}</NewProtocol>",
      outside, protocol_name(port));
  return soap(service, "DeletePortMapping", arguments);
}

std::string outside_request(const Service& service) {
  return soap(service, "GetExternalIPAddress", "");
}

IpAddress decode_outside(std::string_view xml) {
  const auto text = element(xml, "NewExternalIPAddress");
  const auto address = text ? IpAddress::parse(*text) : std::nullopt;
  if (!address || address->is_v6()) throw_malformed("the router tells no address outside");
  return *address;
}

Refusal decode_refusal(const HttpAnswer& answer) {
  Refusal out{.code = answer.status, .reason = {}};
  if (const auto code = element(answer.body, "errorCode")) {
    out.code = number<int>(*code).value_or(answer.status);
  }
  if (const auto reason = element(answer.body, "errorDescription")) {
    for (const char c : reason->substr(0, kMaxReasonBytes)) {
      if (c >= ' ' && c < 0x7f) out.reason += c;
    }
  }
  return out;
}

}  // namespace shoal::portmap::upnp
