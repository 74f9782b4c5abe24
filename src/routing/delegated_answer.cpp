#include "routing/delegated_answer.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "base/error.h"

namespace shoal::routing {

namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 8;
// Of one record: looked at.
constexpr std::size_t kMaxListed = 64;
constexpr std::size_t kMaxTextBytes = 512;

std::string_view text_of(const json::value* value) {
  if (value == nullptr || !value->is_string()) return {};
  const json::string& text = value->as_string();
  if (text.size() > kMaxTextBytes) return {};
  return {text.data(), text.size()};
}

json::value parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::system::error_code problem;
  json::value out = json::parse(json::string_view(text.data(), text.size()), problem, {}, options);
  if (problem) throw Error(ErrorCode::malformed, "the router's answer is not JSON");
  return out;
}

/// Whether it is said, or may be, that the peer speaks Bitswap.
bool speaks_bitswap(const json::object& record) {
  if (text_of(record.if_contains("Protocol")) == "transport-bitswap") return true;
  const json::value* const protocols = record.if_contains("Protocols");
  if (protocols == nullptr || !protocols->is_array()) return true;
  const json::array& list = protocols->as_array();
  const std::size_t count = std::min(list.size(), kMaxListed);
  if (count == 0) return true;
  return std::any_of(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count),
                     [](const json::value& one) { return text_of(&one) == "transport-bitswap"; });
}

std::optional<Multiaddr> address_of(std::string_view text, const PeerId& peer) {
  try {
    const Multiaddr address = Multiaddr::parse(text);
    if (address.peer() && *address.peer() != peer) return std::nullopt;
    return address.without_peer();
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<DelegatedPeer> peer_of(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const json::object& record = value.as_object();
  const std::string_view schema = text_of(record.if_contains("Schema"));
  if ((schema != "peer" && schema != "bitswap") || !speaks_bitswap(record)) return std::nullopt;
  std::optional<PeerId> id;
  try {
    id = PeerId::parse(text_of(record.if_contains("ID")));
  } catch (const Error&) {
    return std::nullopt;
  }
  DelegatedPeer out{.id = *id, .addresses = {}};
  const json::value* const listed = record.if_contains("Addrs");
  if (listed == nullptr || !listed->is_array()) return out;
  std::size_t looked_at = 0;
  for (const json::value& one : listed->as_array()) {
    if (++looked_at > kMaxListed || out.addresses.size() == DelegatedPeer::kMaxAddresses) break;
    if (auto address = address_of(text_of(&one), out.id)) {
      out.addresses.push_back(std::move(*address));
    }
  }
  return out;
}

void take(std::vector<DelegatedPeer>& out, const json::value& value) {
  if (out.size() >= kMaxDelegatedPeers) return;
  if (auto peer = peer_of(value)) out.push_back(std::move(*peer));
}

}  // namespace

std::vector<DelegatedPeer> decode_delegated(std::string_view text, bool lines) {
  std::vector<DelegatedPeer> out;
  if (lines) {
    while (!text.empty() && out.size() < kMaxDelegatedPeers) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) take(out, parse(line));
    }
    return out;
  }
  const json::value whole = parse(text);
  if (!whole.is_object())
    throw Error(ErrorCode::malformed, "the router's answer is not a JSON object");
  for (const char* name : {"Providers", "Peers"}) {
    const json::value* const records = whole.as_object().if_contains(name);
    if (records == nullptr || !records->is_array()) continue;
    for (const json::value& record : records->as_array()) take(out, record);
  }
  return out;
}

}  // namespace shoal::routing
