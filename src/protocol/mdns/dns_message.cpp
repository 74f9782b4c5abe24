#include "protocol/mdns/dns_message.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/overloaded.h"

namespace shoal::mdns {

namespace {

constexpr std::uint16_t kResponseBit = 0x8000;
constexpr std::uint16_t kAuthoritativeBit = 0x0400;
constexpr std::uint16_t kTruncatedBit = 0x0200;
constexpr std::uint16_t kOpcodeAndResultBits = 0x780f;
constexpr std::uint16_t kClassInternet = 1;
/// Of a question's class: unicast wanted. Of a record's: cache flush.
constexpr std::uint16_t kTopClassBit = 0x8000;

/// Reads a message from its front to its end.
class Reader {
 public:
  explicit Reader(ByteView message) : message_(message) {}

  ByteView take(std::size_t count) {
    if (message_.size() - at_ < count) {
      throw Error(ErrorCode::malformed, "a DNS message is cut short");
    }
    const ByteView out = message_.subspan(at_, count);
    at_ += count;
    return out;
  }
  std::uint16_t number16() {
    const ByteView bytes = take(2);
    return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
  }
  std::uint32_t number32() {
    const std::uint32_t high = number16();
    return high << 16 | number16();
  }
  DnsName name() { return DnsName::read(message_, at_); }
  std::size_t position() const { return at_; }

 private:
  ByteView message_;
  std::size_t at_ = 0;
};

std::optional<Question> read_question(Reader& reader) {
  Question out{.name = reader.name()};
  const std::uint16_t type = reader.number16();
  const std::uint16_t its_class = reader.number16();
  out.type = static_cast<RecordType>(type);
  out.unicast = (its_class & kTopClassBit) != 0;
  const std::uint16_t plain = its_class & ~kTopClassBit;
  constexpr std::uint16_t kAnyClass = 255;
  if (plain != kClassInternet && plain != kAnyClass) return std::nullopt;
  return out;
}

Texts read_texts(ByteView data) {
  Texts out;
  if (data.empty()) return {""};  // RFC 6763, section 6.1: the same as one empty text
  while (!data.empty()) {
    const std::size_t length = data.front();
    if (data.size() <= length) throw Error(ErrorCode::malformed, "a DNS text is cut short");
    out.emplace_back(as_text(data.subspan(1, length)));
    data = data.subspan(1 + length);
  }
  return out;
}

IpAddress read_address(ByteView data, bool v6) {
  if (data.size() != (v6 ? 16U : 4U)) {
    throw Error(ErrorCode::malformed, "an address in a DNS message has the wrong size");
  }
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(data, bytes.begin());
  if (v6) return IpAddress::v6(bytes);
  return IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]});
}

/// None for a type that we have no use for.
std::optional<decltype(Record::data)> read_data(Reader& reader, std::uint16_t type,
                                                std::size_t bytes) {
  switch (static_cast<RecordType>(type)) {
    case RecordType::ptr:
      return Pointer{reader.name()};
    case RecordType::srv: {
      reader.take(4);  // priority and weight
      const std::uint16_t port = reader.number16();
      return Service{port, reader.name()};
    }
    case RecordType::txt:
      return read_texts(reader.take(bytes));
    case RecordType::a:
      return read_address(reader.take(bytes), false);
    case RecordType::aaaa:
      return read_address(reader.take(bytes), true);
    default:
      reader.take(bytes);
      return std::nullopt;
  }
}

std::optional<Record> read_record(Reader& reader) {
  Record out{.name = reader.name()};
  const std::uint16_t type = reader.number16();
  const std::uint16_t its_class = reader.number16();
  out.ttl_seconds = reader.number32();
  out.flush = (its_class & kTopClassBit) != 0;
  const std::size_t bytes = reader.number16();
  const std::size_t end = reader.position() + bytes;
  // Of another class, the meaning of its data is not ours to know.
  const bool ours = (its_class & ~kTopClassBit) == kClassInternet;
  auto data = read_data(reader, ours ? type : 0, bytes);
  if (reader.position() != end) {
    throw Error(ErrorCode::malformed, "a DNS record has another length than it says");
  }
  if (!data) return std::nullopt;
  out.data = std::move(*data);
  return out;
}

template <class Entry>
void read_entries(Reader& reader, std::size_t count, std::optional<Entry> (*read)(Reader&),
                  std::vector<Entry>& into) {
  for (std::size_t i = 0; i < count; ++i) {
    if (auto entry = read(reader)) into.push_back(std::move(*entry));
  }
}

class Writer {
 public:
  void number16(std::size_t value) {
    out_.push_back(static_cast<std::uint8_t>(value >> 8));
    out_.push_back(static_cast<std::uint8_t>(value));
  }
  void number32(std::uint32_t value) {
    number16(value >> 16);
    number16(value & 0xffff);
  }
  void bytes(ByteView more) { append(out_, more); }

  void name(DnsName rest) {
    while (!rest.is_root()) {
      const auto [known, fresh] = offsets_.emplace(rest, out_.size());
      if (!fresh) return number16(kPointer | known->second);
      const auto length = static_cast<std::size_t>(rest.wire().front());
      bytes(as_bytes(std::string_view(rest.wire()).substr(0, 1 + length)));
      rest = rest.parent();
    }
    out_.push_back(0);
  }

  void record(const Record& record) {
    name(record.name);
    number16(static_cast<std::uint16_t>(type_of(record)));
    number16(kClassInternet | (record.flush ? kTopClassBit : 0));
    number32(record.ttl_seconds);
    const std::size_t length_at = out_.size();
    number16(0);
    std::visit([this](const auto& data) { write(data); }, record.data);
    const std::size_t length = out_.size() - length_at - 2;
    out_[length_at] = static_cast<std::uint8_t>(length >> 8);
    out_[length_at + 1] = static_cast<std::uint8_t>(length);
  }

  Bytes take() { return std::move(out_); }

 private:
  static constexpr std::size_t kPointer = 0xc000;

  static RecordType type_of(const Record& record) {
    return std::visit(Overloaded{[](const Pointer&) { return RecordType::ptr; },
                                 [](const Service&) { return RecordType::srv; },
                                 [](const Texts&) { return RecordType::txt; },
                                 [](const IpAddress& address) {
                                   return address.is_v6() ? RecordType::aaaa : RecordType::a;
                                 }},
                      record.data);
  }

  void write(const Pointer& data) { name(data.target); }
  void write(const Service& data) {
    number32(0);  // priority and weight
    number16(data.port);
    name(data.host);
  }
  void write(const Texts& texts) {
    for (const std::string& text : texts) {
      if (text.size() > kMaxTextBytes) throw Error(ErrorCode::limit, "a DNS text is too long");
      out_.push_back(static_cast<std::uint8_t>(text.size()));
      bytes(as_bytes(text));
    }
    if (texts.empty()) out_.push_back(0);
  }
  void write(const IpAddress& address) { bytes(address.bytes()); }

  Bytes out_;
  /// Where each name stands. A pointer has 14 bits, which kMaxBytes leaves enough.
  std::map<DnsName, std::size_t> offsets_;
};

}  // namespace

DnsMessage DnsMessage::decode(ByteView bytes) {
  if (bytes.size() > kMaxBytes) throw Error(ErrorCode::limit, "a DNS message is too large");
  Reader reader(bytes);
  DnsMessage out;
  out.id = reader.number16();
  const std::uint16_t flags = reader.number16();
  if ((flags & kOpcodeAndResultBits) != 0) {
    throw Error(ErrorCode::unsupported, "a DNS message is no query");
  }
  out.response = (flags & kResponseBit) != 0;
  out.truncated = (flags & kTruncatedBit) != 0;
  std::array<std::size_t, 4> counts{};
  for (std::size_t& count : counts) count = reader.number16();
  if (counts[0] + counts[1] + counts[2] + counts[3] > kMaxEntries) {
    throw Error(ErrorCode::limit, "a DNS message has too many records");
  }
  read_entries(reader, counts[0], read_question, out.questions);
  read_entries(reader, counts[1], read_record, out.answers);
  std::vector<Record> authority;
  read_entries(reader, counts[2], read_record, authority);
  read_entries(reader, counts[3], read_record, out.additional);
  return out;
}

Bytes DnsMessage::encode() const {
  if (questions.size() + answers.size() + additional.size() > kMaxEntries) {
    throw Error(ErrorCode::limit, "a DNS message has too many records");
  }
  Writer writer;
  writer.number16(id);
  writer.number16((response ? kResponseBit | kAuthoritativeBit : 0) |
                  (truncated ? kTruncatedBit : 0));
  writer.number16(questions.size());
  writer.number16(answers.size());
  writer.number16(0);
  writer.number16(additional.size());
  for (const Question& question : questions) {
    writer.name(question.name);
    writer.number16(static_cast<std::uint16_t>(question.type));
    writer.number16(kClassInternet | (question.unicast ? kTopClassBit : 0));
  }
  for (const Record& record : answers) writer.record(record);
  for (const Record& record : additional) writer.record(record);
  Bytes out = writer.take();
  if (out.size() > kMaxBytes) throw Error(ErrorCode::limit, "a DNS message is too large");
  return out;
}

}  // namespace shoal::mdns
