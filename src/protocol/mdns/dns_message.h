#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "protocol/mdns/dns_name.h"

namespace shoal::mdns {

enum class RecordType : std::uint16_t { a = 1, ptr = 12, txt = 16, aaaa = 28, srv = 33, any = 255 };

struct Question {
  DnsName name{};
  RecordType type = RecordType::ptr;
  /// The asker would rather have the answer to itself (RFC 6762, section 5.4).
  bool unicast = false;

  bool operator==(const Question&) const = default;
};

struct Pointer {
  DnsName target;
  bool operator==(const Pointer&) const = default;
};

struct Service {
  std::uint16_t port = 0;
  DnsName host{};
  bool operator==(const Service&) const = default;
};

/// Of any bytes, each at most kMaxTextBytes.
inline constexpr std::size_t kMaxTextBytes = 255;
using Texts = std::vector<std::string>;

struct Record {
  DnsName name;
  std::uint32_t ttl_seconds = 0;  // 0: the record is withdrawn
  /// Replaces what was known under this name and type (RFC 6762, section 10.2).
  bool flush = false;
  std::variant<Pointer, Service, Texts, IpAddress> data{};

  bool operator==(const Record&) const = default;
};

/// A message of multicast DNS (RFC 1035, section 4; RFC 6762, section 18). Only class IN, and the
/// types in RecordType: other questions and records are left out.
struct DnsMessage {
  /// RFC 6762, section 17: the most that any sender may send.
  static constexpr std::size_t kMaxBytes = 9000;
  /// Questions and records together, those left out included.
  static constexpr std::size_t kMaxEntries = 256;

  std::uint16_t id = 0;
  bool response = false;
  /// Of a query: more known answers follow in further messages.
  bool truncated = false;
  std::vector<Question> questions{};
  std::vector<Record> answers{};
  std::vector<Record> additional{};

  /// Throws Error{malformed}, {limit} beyond the bounds, and {unsupported} for what is no query
  /// and no answer to one. Authority records are checked and left out.
  static DnsMessage decode(ByteView bytes);
  /// Names are compressed. Throws Error{limit} for a text or message beyond its bound.
  Bytes encode() const;

  bool operator==(const DnsMessage&) const = default;
};

}  // namespace shoal::mdns
