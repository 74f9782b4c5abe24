#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace shoal::mdns {

/// A domain name (RFC 1035, section 3.1) of any bytes, in lower case: names are compared without
/// regard to ASCII case. Kept as on the wire, without compression.
class DnsName {
 public:
  static constexpr std::size_t kMaxBytes = 255;
  static constexpr std::size_t kMaxLabelBytes = 63;
  /// Compression pointers that are followed in one name; honest names need one or two.
  static constexpr std::size_t kMaxPointers = 16;

  /// The root.
  DnsName() : wire_(1, '\0') {}
  /// Labels with dots between them, such as "_p2p._udp.local". Throws Error{malformed}.
  static DnsName parse(std::string_view text);
  /// Reads the name at `at` of a message and moves `at` behind it. A pointer leads only backwards
  /// (RFC 1035, section 4.1.4). Throws Error{malformed}, and {limit} beyond the bounds.
  static DnsName read(ByteView message, std::size_t& at);

  /// This name below `parent`. Throws Error{limit}.
  DnsName below(const DnsName& parent) const;
  /// The name without its first label; the root has none to lose.
  DnsName parent() const;
  bool is_root() const { return wire_.size() == 1; }

  /// Labels, each behind its length, and a zero byte; at most kMaxBytes.
  const std::string& wire() const { return wire_; }

  auto operator<=>(const DnsName&) const = default;

 private:
  void add_label(std::string_view label);

  std::string wire_;
};

}  // namespace shoal::mdns
