#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "protocol/portmap/gateway.h"

/// UPnP as routers speak it (UPnP Device Architecture 1.0; WANIPConnection:1): HTTP in datagrams to
/// find them, XML over HTTP to talk to them. Decoders throw Error{malformed}, {limit} and
/// {unsupported}.
namespace shoal::portmap::upnp {

/// Searches go to this group, and the port of it.
Endpoint search_group();
inline constexpr std::size_t kMaxSearchAnswerBytes = 2048;
inline constexpr std::size_t kMaxUrlBytes = 512;
/// Of one answer by HTTP, its head included.
inline constexpr std::size_t kMaxHttpBytes = 64 * 1024;
inline constexpr std::size_t kMaxReasonBytes = 80;

/// A URL whose host is an IPv4 address: names are not looked up for a router.
struct Url {
  Endpoint host;
  std::string path;  // from the first slash on, with the query

  bool operator==(const Url&) const = default;
  static Url parse(std::string_view text);
  /// `text`, which may be relative to this one.
  Url resolve(std::string_view text) const;
};

/// A search for routers of both versions.
std::string search_request();
/// Where the description of a router is. Empty when the answer is of another device.
std::optional<Url> decode_search_answer(std::string_view text);

struct HttpAnswer {
  int status = 0;
  std::string body;
};
std::string get_request(const Url& url);
/// None while more has to come. `ended`: nothing more will.
std::optional<HttpAnswer> decode_http(std::string_view text, bool ended);

/// The service that forwards ports.
struct Service {
  std::string_view type;  // one of those we know
  Url control;
};
/// From a device's description, found at `from`. Redirects to other hosts are malformed.
Service decode_description(std::string_view xml, const Url& from);

struct Mapping {
  Port port;
  std::uint16_t outside = 0;
  IpAddress own;
  std::uint32_t lease_seconds = 0;  // 0: for ever
};
std::string add_request(const Service& service, const Mapping& mapping);
std::string delete_request(const Service& service, const Port& port, std::uint16_t outside);
std::string outside_request(const Service& service);

IpAddress decode_outside(std::string_view xml);

/// Why a router refused.
struct Refusal {
  static constexpr int kConflict = 718;
  static constexpr int kOnlyPermanent = 725;

  int code = 0;
  std::string reason;  // printable, at most kMaxReasonBytes
};
Refusal decode_refusal(const HttpAnswer& answer);

}  // namespace shoal::portmap::upnp
