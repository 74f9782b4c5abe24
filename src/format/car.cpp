#include "format/car.h"

#include "base/error.h"
#include "base/varint.h"
#include "format/block.h"

namespace shoal {

CarReader::CarReader(std::size_t max_section_bytes) : max_section_bytes_(max_section_bytes) {}

void CarReader::feed(ByteView bytes) {
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(read_));
  read_ = 0;
  append(buffer_, bytes);
}

std::optional<ByteView> CarReader::take_section(std::size_t max_bytes) {
  ByteView rest = unread();
  const std::optional<std::uint64_t> size = take_varint(rest);
  if (!size) return std::nullopt;
  if (*size == 0) throw Error(ErrorCode::malformed, "CAR with a section of no bytes");
  if (*size > max_bytes) throw Error(ErrorCode::limit, "CAR with a section that is too long");
  if (*size > rest.size()) return std::nullopt;
  const ByteView section = rest.first(static_cast<std::size_t>(*size));
  read_ = buffer_.size() - (rest.size() - section.size());
  return section;
}

const std::optional<CarHeader>& CarReader::header() {
  if (!header_) {
    const std::optional<ByteView> section = take_section(kMaxCarHeaderBytes);
    if (section) header_ = decode_car_header(*section);
  }
  return header_;
}

std::optional<CarBlock> CarReader::next() {
  if (!header()) return std::nullopt;
  std::optional<ByteView> section = take_section(max_section_bytes_);
  if (!section) return std::nullopt;
  ByteView block = *section;
  Cid cid = Cid::take(block);
  if (!cid.hash().matches(block)) {
    throw Error(ErrorCode::corrupt, "CAR with a block that does not match its CID",
                cid.to_string());
  }
  return CarBlock{std::move(cid), to_bytes(block), block.size() > kMaxBlockBytes};
}

void CarReader::finish() {
  if (!header()) throw Error(ErrorCode::malformed, "CAR that ends before its header");
  if (!unread().empty()) throw Error(ErrorCode::malformed, "CAR that ends within a section");
}

Bytes encode_car_start(const CarHeader& header) {
  const Bytes encoded = encode_car_header(header);
  Bytes out;
  append_varint(out, encoded.size());
  append(out, encoded);
  return out;
}

void append_car_block(Bytes& out, const Cid& cid, ByteView block) {
  const Bytes encoded = cid.encode();
  append_varint(out, encoded.size() + block.size());
  append(out, encoded);
  append(out, block);
}

}  // namespace shoal
