#include "format/multiaddr_protocol.h"

#include <algorithm>
#include <array>

#include "format/multiaddr_value.h"

namespace shoal {
namespace {

using namespace address_value;
using enum AddressCode;

constexpr int kPrefixed = AddressProtocol::kPrefixed;

void accept(ByteView) {}

// Ordered by code.
constexpr auto kProtocols = std::to_array<AddressProtocol>({
    {ip4, "ip4", 4, parse_ip4, accept, format_ip4},
    {tcp, "tcp", 2, parse_port, accept, format_number},
    {dccp, "dccp", 2, parse_port, accept, format_number},
    {ip6, "ip6", 16, parse_ip6, accept, format_ip6},
    {ip6zone, "ip6zone", kPrefixed, parse_name, check_name, format_name},
    {ipcidr, "ipcidr", 1, parse_mask, accept, format_number},
    {dns, "dns", kPrefixed, parse_name, check_name, format_name},
    {dns4, "dns4", kPrefixed, parse_name, check_name, format_name},
    {dns6, "dns6", kPrefixed, parse_name, check_name, format_name},
    {dnsaddr, "dnsaddr", kPrefixed, parse_name, check_name, format_name},
    {sctp, "sctp", 2, parse_port, accept, format_number},
    {udp, "udp", 2, parse_port, accept, format_number},
    {p2p_webrtc_star, "p2p-webrtc-star"},
    {p2p_webrtc_direct, "p2p-webrtc-direct"},
    {p2p_stardust, "p2p-stardust"},
    {webrtc_direct, "webrtc-direct"},
    {webrtc, "webrtc"},
    {p2p_circuit, "p2p-circuit"},
    {udt, "udt"},
    {utp, "utp"},
    {unix_socket, "unix", kPrefixed, parse_name, check_path, format_name, true},
    {p2p, "p2p", kPrefixed, parse_peer, check_peer, format_peer},
    {https, "https"},
    {onion, "onion", 12, parse_onion, check_onion, format_onion},
    {onion3, "onion3", 37, parse_onion, check_onion, format_onion},
    {garlic64, "garlic64", kPrefixed, parse_garlic64, check_garlic64, format_garlic64},
    {garlic32, "garlic32", kPrefixed, parse_garlic32, check_garlic32, format_garlic32},
    {tls, "tls"},
    {sni, "sni", kPrefixed, parse_name, check_name, format_name},
    {noise, "noise"},
    {quic, "quic"},
    {quic_v1, "quic-v1"},
    {webtransport, "webtransport"},
    {certhash, "certhash", kPrefixed, parse_certhash, check_certhash, format_certhash},
    {ws, "ws"},
    {wss, "wss"},
    {p2p_websocket_star, "p2p-websocket-star"},
    {http, "http"},
    {http_path, "http-path", kPrefixed, parse_http_path, accept, format_http_path},
    {memory, "memory", 8, parse_memory, accept, format_number},
});

constexpr bool is_before(const AddressProtocol& a, const AddressProtocol& b) {
  return a.code < b.code;
}
static_assert(std::is_sorted(kProtocols.begin(), kProtocols.end(), is_before));

}  // namespace

std::span<const AddressProtocol> address_protocols() {
  return kProtocols;
}

const AddressProtocol* find_address_protocol(std::string_view name) {
  if (name == "ipfs") name = "p2p";
  const auto found = std::ranges::find(kProtocols, name, &AddressProtocol::name);
  return found == kProtocols.end() ? nullptr : &*found;
}

const AddressProtocol* find_address_protocol(std::uint64_t code) {
  const auto wanted = static_cast<AddressCode>(code);
  const auto found = std::ranges::lower_bound(kProtocols, wanted, {}, &AddressProtocol::code);
  return found == kProtocols.end() || found->code != wanted ? nullptr : &*found;
}

}  // namespace shoal
