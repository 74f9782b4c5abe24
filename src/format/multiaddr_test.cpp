#include "format/multiaddr.h"

#include <gtest/gtest.h>

#include <map>

#include "base/base_n.h"
#include "base/error.h"

namespace shoal {
namespace {

constexpr const char* kPeer = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
constexpr const char* kOther = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";

Multiaddr parsed(const std::string& text) {
  return Multiaddr::parse(text);
}

ErrorCode multiaddr_error(const std::string& text) {
  try {
    Multiaddr::parse(text);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

ErrorCode error_of_bytes(const Bytes& bytes) {
  try {
    Multiaddr::decode(bytes);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

std::string repeated(const std::string& part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

std::string sample_value(const AddressProtocol& protocol) {
  using enum AddressCode;
  const std::map<AddressCode, std::string> samples = {
      {ip4, "192.0.2.1"},
      {ip6, "2001:db8::1"},
      {ipcidr, "24"},
      {memory, "18446744073709551615"},
      {unix_socket, "run/shoal.sock"},
      {p2p, kPeer},
      {http_path, "a%2Fb"},
      {onion, "timaq4ygg2iegci7:1234"},
      {onion3, "vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:1234"},
      {garlic32, "566niximlxdzpanmn4qouucvua3k7neniwss47li5r6ugoertzuq"},
      {garlic64, encode_base(Base::base64_pad, Bytes(387, 0))},
      {certhash, "uEiAkH5a4DPGKUuOBjYw0CgwjvcJCJMD2K_1aluKR_tpevQ"},
  };
  const auto found = samples.find(protocol.code);
  if (found != samples.end()) return found->second;
  return protocol.value_bytes == 2 ? "65535" : "example.com";
}

TEST(Multiaddr, reads_and_writes_every_protocol_of_the_table) {
  EXPECT_EQ(address_protocols().size(), 40U);
  for (const AddressProtocol& protocol : address_protocols()) {
    std::string text = "/" + std::string(protocol.name);
    if (protocol.value_bytes != 0) text += "/" + sample_value(protocol);
    SCOPED_TRACE(text);
    Multiaddr address;
    ASSERT_NO_THROW(address = parsed(text));
    EXPECT_EQ(address.to_string(), text);
    EXPECT_EQ(Multiaddr::decode(address.encoded()), address);
    ASSERT_EQ(address.components().size(), 1U);
    EXPECT_TRUE(address.has(protocol.code));
    EXPECT_EQ(find_address_protocol(static_cast<std::uint64_t>(protocol.code)), &protocol);
  }
}

TEST(Multiaddr, refuses_every_protocol_whose_value_is_missing) {
  for (const AddressProtocol& protocol : address_protocols()) {
    if (protocol.value_bytes == 0) continue;
    EXPECT_EQ(multiaddr_error("/" + std::string(protocol.name)), ErrorCode::malformed)
        << protocol.name;
  }
}

TEST(Multiaddr, says_unsupported_for_protocols_that_are_not_in_the_table) {
  EXPECT_EQ(multiaddr_error("/ip4/127.0.0.1/carrier-pigeon/7"), ErrorCode::unsupported);
  EXPECT_EQ(error_of_bytes(from_hex("047f000001ff7f")), ErrorCode::unsupported);
}

TEST(Multiaddr, lists_its_components) {
  const Multiaddr address = parsed("/ip4/1.2.3.4/tcp/80/ws");
  const auto parts = address.components();
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].code, AddressCode::ip4);
  EXPECT_EQ(to_hex(parts[0].value), "01020304");
  EXPECT_EQ(to_hex(parts[1].value), "0050");
  EXPECT_TRUE(parts[2].value.empty());
}

TEST(Multiaddr, B13_takes_32_components_and_refuses_33) {
  const Multiaddr longest = parsed(repeated("/ws", 32));
  EXPECT_EQ(longest.components().size(), 32U);
  EXPECT_EQ(multiaddr_error(repeated("/ws", 33)), ErrorCode::limit);
  EXPECT_THROW(longest.encapsulate(parsed("/ws")), Error);
}

TEST(Multiaddr, B13_takes_1024_bytes_and_refuses_1025) {
  const std::string host(1021, 'a');
  EXPECT_EQ(parsed("/dns/" + host).encoded().size(), Multiaddr::kMaxBytes);
  EXPECT_EQ(multiaddr_error("/dns/" + host + "a"), ErrorCode::limit);
  Bytes bytes = {0x35, 0xfe, 0x07};
  bytes.resize(1025, 'a');
  EXPECT_EQ(error_of_bytes(bytes), ErrorCode::limit);
  EXPECT_EQ(multiaddr_error(std::string(4097, '/')), ErrorCode::limit);
  EXPECT_EQ(multiaddr_error(std::string(4096, '/')), ErrorCode::malformed);
}

TEST(Multiaddr, B2_refuses_lengths_that_lie) {
  EXPECT_EQ(error_of_bytes({}), ErrorCode::malformed);
  EXPECT_EQ(error_of_bytes(from_hex("047f0000")), ErrorCode::malformed);
  EXPECT_EQ(error_of_bytes(from_hex("3500")), ErrorCode::malformed);
  EXPECT_EQ(error_of_bytes(from_hex("350261")), ErrorCode::malformed);
  EXPECT_EQ(error_of_bytes(from_hex("35ffffffffffffffff7f61")), ErrorCode::malformed);
  EXPECT_EQ(error_of_bytes(from_hex("35810061")), ErrorCode::malformed);
  EXPECT_EQ(error_of_bytes(from_hex("86000050")), ErrorCode::malformed);
}

TEST(Multiaddr, B13_refuses_names_that_would_break_its_text_or_a_terminal) {
  EXPECT_EQ(error_of_bytes(from_hex("3503612f62")), ErrorCode::malformed);  // a/b
  EXPECT_EQ(error_of_bytes(from_hex("35031b5b6d")), ErrorCode::malformed);  // an escape sequence
  EXPECT_EQ(error_of_bytes(from_hex("35016100")), ErrorCode::unsupported);
  EXPECT_EQ(multiaddr_error("/dns/a b"), ErrorCode::malformed);
  EXPECT_EQ(multiaddr_error(std::string("/ip4/1.2.3.4\0", 13)), ErrorCode::malformed);
}

TEST(Multiaddr, lets_nothing_follow_a_path) {
  const Multiaddr socket = parsed("/unix/a/tcp/80");
  EXPECT_EQ(socket.components().size(), 1U);
  EXPECT_THROW(socket.encapsulate(parsed("/tcp/80")), Error);
  EXPECT_EQ(error_of_bytes(from_hex("9003022f61060050")), ErrorCode::malformed);
  EXPECT_EQ(error_of_bytes(from_hex("9003022f2f")), ErrorCode::malformed);
}

TEST(Multiaddr, refuses_peer_ids_that_are_none) {
  EXPECT_EQ(multiaddr_error("/p2p/QmxoHT6iViN5xAjoz1VZ553cL31U9F94ht3QvWR1FrEbZY"),
            ErrorCode::malformed);
  EXPECT_EQ(error_of_bytes(from_hex("a50306"
                                    "1104aabbccdd")),
            ErrorCode::malformed);
  EXPECT_EQ(error_of_bytes(from_hex("a50302"
                                    "0000")),
            ErrorCode::malformed);
}

TEST(Multiaddr, encapsulates_and_decapsulates) {
  const Multiaddr address = parsed("/ip4/127.0.0.1/udp/1234").encapsulate(parsed("/udp/5678"));
  EXPECT_EQ(address.to_string(), "/ip4/127.0.0.1/udp/1234/udp/5678");
  EXPECT_EQ(address.decapsulate(parsed("/udp/5678")), parsed("/ip4/127.0.0.1/udp/1234"));
  EXPECT_EQ(address.decapsulate(parsed("/udp/1234")), parsed("/ip4/127.0.0.1"));
  EXPECT_EQ(address.decapsulate(parsed("/tcp/1234")), address);
  EXPECT_TRUE(address.decapsulate(address).empty());
  EXPECT_EQ(Multiaddr().encapsulate(address), address);
  EXPECT_EQ(address.encapsulate({}), address);
  EXPECT_EQ(Multiaddr().to_string(), "/");
}

TEST(Multiaddr, decapsulates_at_the_last_occurrence_and_between_components_only) {
  EXPECT_EQ(parsed("/ws/tls/ws/tls").decapsulate(parsed("/ws")), parsed("/ws/tls"));
  const Multiaddr address =
      Multiaddr::decode(from_hex("04"
                                 "06005006"
                                 "060050"));
  EXPECT_EQ(address.decapsulate(parsed("/tcp/80")), parsed("/ip4/6.0.80.6"));
}

TEST(Multiaddr, names_the_peer_that_it_ends_in) {
  const Multiaddr bare = parsed("/ip4/1.2.3.4/tcp/4001");
  const Multiaddr direct = bare.with_peer(PeerId::parse(kPeer));
  EXPECT_EQ(direct.to_string(), std::string("/ip4/1.2.3.4/tcp/4001/p2p/") + kPeer);
  EXPECT_EQ(direct.peer(), PeerId::parse(kPeer));
  EXPECT_EQ(direct.without_peer(), bare);
  EXPECT_EQ(bare.without_peer(), bare);
  EXPECT_EQ(bare.peer(), std::nullopt);
  EXPECT_EQ(direct.with_peer(PeerId::parse(kOther)).peer(), PeerId::parse(kOther));
  EXPECT_EQ(Multiaddr::p2p(PeerId::parse(kPeer)).without_peer(), Multiaddr());
}

TEST(Multiaddr, does_not_take_a_relay_for_the_peer) {
  const std::string relay = std::string("/ip4/1.2.3.4/tcp/4001/p2p/") + kOther + "/p2p-circuit";
  EXPECT_EQ(parsed(relay).peer(), std::nullopt);
  const Multiaddr through = parsed(relay).with_peer(PeerId::parse(kPeer));
  EXPECT_EQ(through.peer(), PeerId::parse(kPeer));
  EXPECT_EQ(through.without_peer(), parsed(relay));
  EXPECT_EQ(through.tcp_endpoint(), std::nullopt);
}

TEST(Multiaddr, converts_tcp_endpoints_both_ways) {
  const auto link_local = IpAddress::v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 3);
  const std::vector<std::pair<Endpoint, std::string>> pairs = {
      {{IpAddress::loopback_v4(), 80}, "/ip4/127.0.0.1/tcp/80"},
      {{*IpAddress::parse("2001:db8::1"), 65535}, "/ip6/2001:db8::1/tcp/65535"},
      {{link_local, 1}, "/ip6zone/3/ip6/fe80::1/tcp/1"},
  };
  for (const auto& [endpoint, text] : pairs) {
    const Multiaddr address = Multiaddr::tcp(endpoint);
    EXPECT_EQ(address.to_string(), text);
    EXPECT_EQ(address.tcp_endpoint(), endpoint);
    EXPECT_EQ(address.with_peer(PeerId::parse(kPeer)).tcp_endpoint(), endpoint);
  }
}

TEST(Multiaddr, takes_only_plain_addresses_for_tcp_endpoints) {
  for (const char* text :
       {"/ip4/1.2.3.4/tcp/80/ws", "/ip4/1.2.3.4/udp/80", "/ip4/1.2.3.4", "/tcp/80", "/dns/a/tcp/80",
        "/ip6zone/eth0/ip6/fe80::1/tcp/1", "/ip4/1.2.3.4/tcp/80/p2p-circuit"}) {
    EXPECT_EQ(parsed(text).tcp_endpoint(), std::nullopt) << text;
  }
  EXPECT_EQ(Multiaddr().tcp_endpoint(), std::nullopt);
}

TEST(Multiaddr, finds_the_host_of_names) {
  EXPECT_EQ(parsed("/dns4/example.com/tcp/443").tcp_host(),
            (HostPort{AddressCode::dns4, "example.com", 443}));
  EXPECT_EQ(parsed(std::string("/dns/a/tcp/1/p2p/") + kPeer).tcp_host(),
            (HostPort{AddressCode::dns, "a", 1}));
  for (const char* text :
       {"/dnsaddr/a/tcp/1", "/dns/a", "/dns/a/udp/1", "/dns/a/tcp/1/ws", "/ip4/1.2.3.4/tcp/1"}) {
    EXPECT_EQ(parsed(text).tcp_host(), std::nullopt) << text;
  }
}

TEST(Multiaddr, is_ordered_and_hashed_by_its_bytes) {
  EXPECT_LT(parsed("/ip4/1.2.3.4"), parsed("/ip4/1.2.3.5"));
  EXPECT_LT(parsed("/ip4/1.2.3.4"), parsed("/ip4/1.2.3.4/tcp/1"));
  const std::hash<Multiaddr> hash;
  EXPECT_EQ(hash(parsed("/tcp/1234")), hash(parsed("/tcp/1234/")));
  EXPECT_EQ(hash(Multiaddr()), 0xcbf29ce484222325);
}

}  // namespace
}  // namespace shoal
