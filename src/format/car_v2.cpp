#include "format/car_v2.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "base/error.h"
#include "base/varint.h"

namespace shoal {
namespace {

// A header of version 1 that says version 2: its length, {"version": 2}.
constexpr std::array<std::uint8_t, 11> kPragma{0x0a, 0xa1, 0x67, 'v', 'e', 'r',
                                               's',  'i',  'o',  'n', 0x02};
constexpr std::size_t kCharacteristicsBytes = 16;
// Behind the characteristics: where the inside is, its size, where the index is.
constexpr std::size_t kHeaderEnd = kPragma.size() + kCharacteristicsBytes + 3 * 8;

std::uint64_t little_endian_64(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

std::size_t at_most(std::uint64_t wanted, std::size_t there) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(wanted, there));
}

}  // namespace

Bytes CarUnwrapper::unwrap(ByteView bytes) {
  if (state_ == State::version_1) return to_bytes(bytes);
  if (state_ == State::behind) return {};
  append(held_, bytes);
  if (state_ == State::beginning) decide();
  if (state_ == State::padding) skip_padding();
  if (state_ == State::version_1) return std::exchange(held_, {});
  if (state_ == State::inside) return take_inside();
  return {};
}

void CarUnwrapper::decide() {
  const ByteView start = ByteView(held_).first(std::min(held_.size(), kPragma.size()));
  if (!equal(start, ByteView(kPragma).first(start.size()))) {
    state_ = State::version_1;
  } else if (held_.size() >= kHeaderEnd) {
    read_header();
  }
}

void CarUnwrapper::read_header() {
  const ByteView numbers = ByteView(held_).subspan(kPragma.size() + kCharacteristicsBytes);
  const std::uint64_t offset = little_endian_64(numbers.first(8));
  inside_left_ = little_endian_64(numbers.subspan(8, 8));
  if (offset < kHeaderEnd || offset > kMaxVarint || inside_left_ > kMaxVarint) {
    throw Error(ErrorCode::malformed, "CAR of version 2 with content where none can be");
  }
  padding_left_ = offset - kHeaderEnd;
  held_.erase(held_.begin(), held_.begin() + kHeaderEnd);
  state_ = State::padding;
}

void CarUnwrapper::skip_padding() {
  const std::size_t count = at_most(padding_left_, held_.size());
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(count));
  padding_left_ -= count;
  if (padding_left_ == 0) state_ = State::inside;
}

Bytes CarUnwrapper::take_inside() {
  Bytes inside = std::exchange(held_, {});
  inside.resize(at_most(inside_left_, inside.size()));
  inside_left_ -= inside.size();
  if (inside_left_ == 0) state_ = State::behind;
  return inside;
}

void CarUnwrapper::finish() const {
  if (state_ != State::version_1 && state_ != State::behind) {
    throw Error(ErrorCode::malformed, "CAR that ends early");
  }
}

}  // namespace shoal
