#include "format/car_header.h"

#include <string_view>

#include "base/error.h"

namespace shoal {
namespace {

enum class Major : std::uint8_t { number = 0, bytes = 2, text = 3, array = 4, map = 5, tag = 6 };

constexpr std::uint64_t kLinkTag = 42;
constexpr std::uint8_t kInArgument = 24;

[[noreturn]] void malformed(const char* why) {
  throw Error(ErrorCode::malformed, why);
}

/// Takes the few things of CBOR that a header is made of. Flat: nothing here calls itself.
class CborCursor {
 public:
  explicit CborCursor(ByteView rest) : rest_(rest) {}

  std::uint64_t take(Major major) {
    const std::uint8_t head = take_byte();
    if (head >> 5 != static_cast<std::uint8_t>(major)) malformed("CAR header of another shape");
    const std::uint8_t low = head & 31;
    if (low < kInArgument) return low;
    // 27 announces eight bytes; beyond are indefinite lengths, which DAG-CBOR forbids.
    if (low > 27) malformed("CAR header with an indefinite length");
    const unsigned bytes = 1U << (low - kInArgument);
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value = value << 8 | take_byte();
    const std::uint64_t smallest = bytes == 1 ? kInArgument : std::uint64_t{1} << (4 * bytes);
    if (value < smallest) malformed("CAR header with a number in more bytes than it needs");
    return value;
  }

  ByteView take_run(Major major) {
    const std::uint64_t size = take(major);
    if (size > rest_.size()) malformed("CAR header that ends early");
    const ByteView run = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(run.size());
    return run;
  }

  std::size_t left() const { return rest_.size(); }

 private:
  std::uint8_t take_byte() {
    if (rest_.empty()) malformed("CAR header that ends early");
    const std::uint8_t byte = rest_.front();
    rest_ = rest_.subspan(1);
    return byte;
  }

  ByteView rest_;
};

Cid take_link(CborCursor& cursor) {
  if (cursor.take(Major::tag) != kLinkTag) malformed("CAR header with a root that is no link");
  const ByteView link = cursor.take_run(Major::bytes);
  // The prefix of the identity base, which binary CIDs have in CBOR.
  if (link.empty() || link.front() != 0) malformed("CAR header with a link of an unknown base");
  return Cid::decode(link.subspan(1));
}

std::vector<Cid> take_roots(CborCursor& cursor) {
  const std::uint64_t count = cursor.take(Major::array);
  std::vector<Cid> roots;  // which grows with the bytes that are there, not with the count
  for (std::uint64_t i = 0; i < count; ++i) roots.push_back(take_link(cursor));
  return roots;
}

void append_head(Bytes& out, Major major, std::uint64_t value) {
  const auto high = static_cast<std::uint8_t>(static_cast<unsigned>(major) << 5);
  if (value < kInArgument) {
    out.push_back(static_cast<std::uint8_t>(high | value));
    return;
  }
  unsigned size = 0;
  while (size < 3 && value >> (8U << size) != 0) ++size;
  out.push_back(static_cast<std::uint8_t>(high | (kInArgument + size)));
  for (unsigned i = 1U << size; i-- > 0;)
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void append_text(Bytes& out, std::string_view text) {
  append_head(out, Major::text, text.size());
  append(out, as_bytes(text));
}

}  // namespace

CarHeader decode_car_header(ByteView bytes) {
  if (bytes.size() > kMaxCarHeaderBytes) {
    throw Error(ErrorCode::limit, "CAR header of more than 64 KiB");
  }
  CborCursor cursor(bytes);
  CarHeader header;
  const std::uint64_t fields = cursor.take(Major::map);
  // Of which both must be there, so that none comes twice.
  if (fields > 2) malformed("CAR header with other fields than roots and version");
  bool has_roots = false;
  bool has_version = false;
  for (std::uint64_t i = 0; i < fields; ++i) {
    const std::string_view key = as_text(cursor.take_run(Major::text));
    if (key == "roots") {
      header.roots = take_roots(cursor);
      has_roots = true;
    } else if (key == "version") {
      header.version = cursor.take(Major::number);
      has_version = true;
    } else {
      malformed("CAR header with other fields than roots and version");
    }
  }
  if (cursor.left() != 0) malformed("CAR header with bytes behind it");
  if (!has_version) malformed("CAR header without a version");
  if (header.version != 1) throw Error(ErrorCode::unsupported, "CAR of another version than 1");
  if (!has_roots) malformed("CAR header without roots");
  return header;
}

Bytes encode_car_header(const CarHeader& header) {
  Bytes out;
  append_head(out, Major::map, 2);
  append_text(out, "roots");
  append_head(out, Major::array, header.roots.size());
  for (const Cid& root : header.roots) {
    const Bytes cid = root.encode();
    append_head(out, Major::tag, kLinkTag);
    append_head(out, Major::bytes, cid.size() + 1);
    out.push_back(0);
    append(out, cid);
  }
  append_text(out, "version");
  append_head(out, Major::number, header.version);
  return out;
}

}  // namespace shoal
