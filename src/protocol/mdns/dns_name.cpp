#include "protocol/mdns/dns_name.h"

#include <algorithm>

#include "base/error.h"

namespace shoal::mdns {

namespace {

/// The two high bits of a length byte: 00 for a label, 11 for a pointer.
constexpr std::uint8_t kPointerBits = 0xc0;

char to_lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

std::uint8_t byte_at(ByteView message, std::size_t at) {
  if (at >= message.size()) throw Error(ErrorCode::malformed, "a DNS name is cut short");
  return message[at];
}

}  // namespace

DnsName DnsName::parse(std::string_view text) {
  DnsName out;
  while (!text.empty()) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    if (dot == 0 || dot > kMaxLabelBytes) {
      throw Error(ErrorCode::malformed, "a label of a DNS name has 1 to 63 bytes");
    }
    out.add_label(text.substr(0, dot));
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return out;
}

DnsName DnsName::read(ByteView message, std::size_t& at) {
  DnsName out;
  std::size_t position = at;
  std::size_t run = at;  // where the labels began that are being read: pointers lead before it
  std::size_t pointers = 0;
  while (const std::uint8_t length = byte_at(message, position)) {
    if ((length & kPointerBits) == kPointerBits) {
      const std::size_t target = (length & ~kPointerBits) << 8 | byte_at(message, position + 1);
      if (pointers == 0) at = position + 2;
      if (target >= run) throw Error(ErrorCode::malformed, "a pointer in a DNS name leads ahead");
      if (++pointers > kMaxPointers) {
        throw Error(ErrorCode::limit, "a DNS name is compressed too often");
      }
      position = run = target;
      continue;
    }
    if ((length & kPointerBits) != 0 || message.size() - position <= length) {
      throw Error(ErrorCode::malformed, "a label of a DNS name is cut short");
    }
    out.add_label(as_text(message.subspan(position + 1, length)));
    position += std::size_t{1} + length;
  }
  if (pointers == 0) at = position + 1;
  return out;
}

DnsName DnsName::below(const DnsName& parent) const {
  DnsName out;
  out.wire_ = wire_.substr(0, wire_.size() - 1) + parent.wire_;
  if (out.wire_.size() > kMaxBytes) throw Error(ErrorCode::limit, "a DNS name is too long");
  return out;
}

DnsName DnsName::parent() const {
  DnsName out;
  const auto length = static_cast<std::uint8_t>(wire_.front());
  if (length != 0) out.wire_ = wire_.substr(std::size_t{1} + length);
  return out;
}

void DnsName::add_label(std::string_view label) {
  if (wire_.size() + 1 + label.size() > kMaxBytes) {
    throw Error(ErrorCode::limit, "a DNS name is too long");
  }
  wire_.back() = static_cast<char>(label.size());
  for (const char byte : label) wire_.push_back(to_lower(byte));
  wire_.push_back('\0');
}

}  // namespace shoal::mdns
