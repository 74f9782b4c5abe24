#include "system/localhost.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace shoal {

namespace {

constexpr std::string_view kName = "localhost";
constexpr std::string_view kBelow = ".localhost";

char lower(char letter) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
}

IpAddress loopback_v6() {
  std::array<std::uint8_t, 16> bytes{};
  bytes.back() = 1;
  return IpAddress::v6(bytes);
}

}  // namespace

bool is_localhost(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view end = host.substr(host.size() - std::min(host.size(), kBelow.size()));
  std::string name(end);
  std::ranges::transform(name, name.begin(), lower);
  return name == kName || (name == kBelow && host.size() > kBelow.size());
}

std::vector<IpAddress> localhost_addresses() {
  return {IpAddress::loopback_v4(), loopback_v6()};
}

}  // namespace shoal
