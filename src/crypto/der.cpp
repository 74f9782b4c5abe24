#include "crypto/der.h"

#include "base/error.h"

namespace shoal::crypto {

namespace {

constexpr std::uint8_t kLongForm = 0x80;
constexpr std::size_t kMaxLengthBytes = 3;  // 16 MiB: more than anything read here

[[noreturn]] void refuse(const char* sentence) {
  throw Error(ErrorCode::malformed, sentence);
}

}  // namespace

std::uint8_t DerReader::take_byte() {
  if (rest_.empty()) refuse("DER ends inside of an element");
  const auto byte = rest_.front();
  rest_ = rest_.subspan(1);
  return byte;
}

std::size_t DerReader::take_length() {
  const auto first = take_byte();
  if (first < kLongForm) return first;
  const std::size_t count = first & 0x7f;
  if (count == 0 || count > kMaxLengthBytes) refuse("DER length is indefinite or too long");
  std::size_t length = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto byte = take_byte();
    if (i == 0 && byte == 0) refuse("DER length is not minimal");
    length = length << 8 | byte;
  }
  if (length < kLongForm) refuse("DER length is not minimal");
  return length;
}

ByteView DerReader::take(DerTag tag) {
  if (take_byte() != static_cast<std::uint8_t>(tag)) refuse("unexpected DER element");
  const auto length = take_length();
  if (length > rest_.size()) refuse("DER ends inside of an element");
  const auto content = rest_.first(length);
  rest_ = rest_.subspan(length);
  return content;
}

ByteView DerReader::take_positive_integer() {
  const auto content = take(DerTag::integer);
  if (content.empty() || (content[0] & 0x80) != 0) refuse("DER integer is empty or negative");
  if (content[0] != 0) return content;
  if (content.size() == 1 || (content[1] & 0x80) == 0) {
    refuse("DER integer is zero or not minimal");
  }
  return content.subspan(1);
}

ByteView DerReader::take_whole_bytes() {
  const auto content = take(DerTag::bit_string);
  if (content.empty() || content[0] != 0) refuse("DER bit string is not made of whole bytes");
  return content.subspan(1);
}

void DerReader::expect_end() const {
  if (!rest_.empty()) refuse("DER is followed by more bytes");
}

void append_der_length(Bytes& out, std::size_t length) {
  SHOAL_CHECK(length >> (8 * kMaxLengthBytes) == 0);
  std::size_t count = 1;
  while (length >> (8 * count) != 0) ++count;
  if (length >= kLongForm) out.push_back(static_cast<std::uint8_t>(kLongForm | count));
  for (std::size_t i = count; i > 0; --i) {
    out.push_back(static_cast<std::uint8_t>(length >> (8 * (i - 1))));
  }
}

}  // namespace shoal::crypto
