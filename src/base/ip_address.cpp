#include "base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace shoal {

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> bytes) {
  IpAddress out;
  std::ranges::copy(bytes, out.bytes_.begin());
  return out;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> bytes, std::uint32_t scope_id) {
  IpAddress out;
  out.bytes_ = bytes;
  out.is_v6_ = true;
  out.scope_id_ = scope_id;
  return out;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  // inet_pton() would stop at a zero byte and never see what follows it.
  if (text.size() > INET6_ADDRSTRLEN || text.contains('\0')) return std::nullopt;
  const std::string terminated(text);
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, terminated.c_str(), four.data()) == 1) return v4(four);
  std::array<std::uint8_t, 16> sixteen{};
  if (inet_pton(AF_INET6, terminated.c_str(), sixteen.data()) == 1) return v6(sixteen);
  return std::nullopt;
}

bool IpAddress::is_unspecified() const {
  const IpAddress self = normalised();
  return std::ranges::all_of(self.bytes(), [](auto byte) { return byte == 0; });
}

bool IpAddress::is_loopback() const {
  const IpAddress self = normalised();
  if (!self.is_v6_) return self.bytes_[0] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; }) &&
         bytes_[15] == 1;
}

bool IpAddress::is_link_local() const {
  const IpAddress self = normalised();
  if (!self.is_v6_) return self.bytes_[0] == 169 && self.bytes_[1] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::is_private() const {
  const IpAddress self = normalised();
  if (self.is_link_local()) return true;
  const auto& b = self.bytes_;
  if (self.is_v6_) return (b[0] & 0xfe) == 0xfc;
  return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) ||
         (b[0] == 100 && (b[1] & 0xc0) == 64);
}

bool IpAddress::is_multicast() const {
  const IpAddress self = normalised();
  return self.is_v6_ ? bytes_[0] == 0xff : (self.bytes_[0] & 0xf0) == 0xe0;
}

IpAddress IpAddress::normalised() const {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (!is_v6_ || !std::ranges::equal(kMapped, bytes().first(12))) return *this;
  return v4({bytes_[12], bytes_[13], bytes_[14], bytes_[15]});
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(is_v6_ ? AF_INET6 : AF_INET, bytes_.data(), text.data(), text.size());
  return text.data();
}

std::string Endpoint::to_string() const {
  const std::string port_text = std::to_string(port);
  return address.is_v6() ? "[" + address.to_string() + "]:" + port_text
                         : address.to_string() + ":" + port_text;
}

}  // namespace shoal
