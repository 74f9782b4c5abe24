#include "protocol/portmap/pmp_message.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace shoal::portmap {

namespace {

constexpr std::uint8_t kAnswer = 0x80;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kTcp = 6;

void put16(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void put32(Bytes& out, std::uint32_t value) {
  put16(out, static_cast<std::uint16_t>(value >> 16));
  put16(out, static_cast<std::uint16_t>(value));
}

std::uint16_t get16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::uint32_t get32(ByteView bytes, std::size_t at) {
  return std::uint32_t{get16(bytes, at)} << 16 | get16(bytes, at + 2);
}

[[noreturn]] void throw_malformed() {
  throw Error(ErrorCode::malformed, "the router's answer is none of its protocol");
}

void check_size(ByteView bytes, std::size_t least) {
  if (bytes.size() > kMaxPmpBytes) {
    throw Error(ErrorCode::limit, "the router's answer has more than 1100 bytes");
  }
  if (bytes.size() < least) throw_malformed();
}

std::array<std::uint8_t, 16> as_v6(const IpAddress& address) {
  std::array<std::uint8_t, 16> out{};
  const ByteView bytes = address.bytes();
  if (address.is_v6()) {
    std::ranges::copy(bytes, out.begin());
  } else {
    out[10] = out[11] = 0xff;
    std::ranges::copy(bytes, out.begin() + 12);
  }
  return out;
}

}  // namespace

namespace natpmp {

namespace {

constexpr std::uint8_t kVersion = 0;
constexpr std::uint8_t kOutside = 0;
constexpr std::uint8_t kMapUdp = 1;
constexpr std::uint8_t kMapTcp = 2;
constexpr std::size_t kHeadBytes = 4;
constexpr std::size_t kOutsideBytes = 12;
constexpr std::size_t kMappedBytes = 16;

/// RFC 6886, section 3.5.
void check_result(std::uint16_t code) {
  switch (code) {
    case 0:
      return;
    case 1:
      throw Error(ErrorCode::unsupported, "the router speaks another version of NAT-PMP");
    case 2:
      throw Error(ErrorCode::refused, "the router may not forward ports");
    case 3:
      throw Error(ErrorCode::refused, "the router has no network outside");
    case 4:
      throw Error(ErrorCode::refused, "the router has no port left");
    case 5:
      throw Error(ErrorCode::unsupported, "the router does not know this request");
    default:
      throw Error(ErrorCode::refused, "the router refuses: code " + std::to_string(code));
  }
}

/// Returns the operation. An error may come without what else belongs to an answer.
std::uint8_t check_head(ByteView bytes) {
  check_size(bytes, kHeadBytes);
  if (bytes[0] != kVersion) {
    throw Error(ErrorCode::unsupported, "the router does not speak NAT-PMP");
  }
  if ((bytes[1] & kAnswer) == 0) throw_malformed();
  check_result(get16(bytes, 2));
  return bytes[1] & ~kAnswer;
}

}  // namespace

Bytes outside_request() {
  return {kVersion, kOutside};
}

Bytes map_request(const PmpRequest& request) {
  Bytes out = {kVersion, request.port.udp ? kMapUdp : kMapTcp, 0, 0};
  put16(out, request.port.number);
  put16(out, request.lifetime_seconds == 0 ? 0 : request.wanted_outside);
  put32(out, request.lifetime_seconds);
  return out;
}

IpAddress decode_outside(ByteView bytes) {
  if (check_head(bytes) != kOutside) throw_malformed();
  check_size(bytes, kOutsideBytes);
  return IpAddress::v4({bytes[8], bytes[9], bytes[10], bytes[11]});
}

Mapped decode_mapped(ByteView bytes) {
  const std::uint8_t operation = check_head(bytes);
  if (operation != kMapUdp && operation != kMapTcp) throw_malformed();
  check_size(bytes, kMappedBytes);
  return {.port = {.udp = operation == kMapUdp, .number = get16(bytes, 8)},
          .outside = get16(bytes, 10),
          .lifetime_seconds = get32(bytes, 12)};
}

}  // namespace natpmp

namespace pcp {

namespace {

constexpr std::uint8_t kVersion = 2;
constexpr std::uint8_t kMap = 1;
constexpr std::size_t kHeadBytes = 24;
constexpr std::size_t kMappedBytes = 60;

/// RFC 6887, section 7.4.
void check_result(std::uint8_t code) {
  switch (code) {
    case 0:
      return;
    case 1:
    case 4:
    case 5:
      throw Error(ErrorCode::unsupported, "the router does not know this request");
    case 2:
      throw Error(ErrorCode::refused, "the router may not forward ports");
    case 7:
      throw Error(ErrorCode::refused, "the router has no network outside");
    case 8:
    case 10:
      throw Error(ErrorCode::refused, "the router has no port left");
    case 11:
      throw Error(ErrorCode::refused, "the router does not give this port");
    case 12:
      throw Error(ErrorCode::refused, "there is another NAT before the router");
    default:
      throw Error(ErrorCode::refused, "the router refuses: code " + std::to_string(code));
  }
}

}  // namespace

Bytes map_request(const PmpRequest& request, const IpAddress& own, const Nonce& nonce) {
  Bytes out = {kVersion, kMap, 0, 0};
  put32(out, request.lifetime_seconds);
  append(out, as_v6(own));
  append(out, nonce);
  out.push_back(request.port.udp ? kUdp : kTcp);
  out.insert(out.end(), 3, 0);
  put16(out, request.port.number);
  put16(out, request.wanted_outside);
  append(out, as_v6(IpAddress::any_v4()));
  return out;
}

Mapped decode_mapped(ByteView bytes) {
  check_size(bytes, 4);
  // A router that knows NAT-PMP alone says so by its own version (RFC 6887, appendix A).
  if (bytes[0] != kVersion) throw Error(ErrorCode::unsupported, "the router does not speak PCP");
  if (bytes[1] != (kAnswer | kMap)) throw_malformed();
  check_result(bytes[3]);
  check_size(bytes, kMappedBytes);
  Mapped out{.lifetime_seconds = get32(bytes, 4)};
  std::ranges::copy(bytes.subspan(kHeadBytes, out.nonce.size()), out.nonce.begin());
  const std::uint8_t protocol = bytes[36];
  if (protocol != kUdp && protocol != kTcp) throw_malformed();
  out.port = {.udp = protocol == kUdp, .number = get16(bytes, 40)};
  std::array<std::uint8_t, 16> address{};
  std::ranges::copy(bytes.subspan(44, address.size()), address.begin());
  out.outside = {.address = IpAddress::v6(address).normalised(), .port = get16(bytes, 42)};
  return out;
}

}  // namespace pcp

}  // namespace shoal::portmap
