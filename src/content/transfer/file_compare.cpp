#include "content/transfer/file_compare.h"

#include <algorithm>

#include "content/block.h"
#include "format/dag_pb.h"
#include "format/unixfs.h"

namespace shoal::content {

namespace {

/// The block that a leaf of this type with this content is.
Bytes wrap(UnixfsType type, ByteView content) {
  UnixfsData data;
  data.type = type;
  data.data = content;
  data.filesize = content.size();
  return encode_dag_pb({}, encode_unixfs(data));
}

/// The content stands once in the block, near its beginning.
ExtentFrame frame_around(ByteView content, ByteView block) {
  const auto begin = std::ranges::search(block, content).begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(content.size());
  return {.before = Bytes(block.begin(), begin), .after = Bytes(end, block.end())};
}

bool in_hole(File& file, std::uint64_t offset, std::uint64_t length) {
  const auto data = file.next_data(offset);
  return !data || *data >= offset + length;
}

}  // namespace

RangeLook look_at_range(File& file, const Cid& cid, std::uint64_t offset, std::uint64_t length) {
  RangeLook out;
  if (length > kMaxBlockBytes) return out;
  Bytes content(static_cast<std::size_t>(length));
  // A leaf of zeros is never written, so a hole may be one: the buffer is as good as reading it.
  if (!in_hole(file, offset, length) && file.read_at(offset, content) != content.size()) return out;
  const auto check = [&](ByteView block) {
    out.hashed_bytes += block.size();
    out.matches = cid.hash().matches(block);
    return out.matches;
  };
  if (cid.is(Codec::raw)) {
    check(content);
  } else if (cid.is(Codec::dag_pb)) {
    for (const UnixfsType type : {UnixfsType::file, UnixfsType::raw}) {
      const Bytes block = wrap(type, content);
      if (!check(block)) continue;
      out.frame = frame_around(content, block);
      break;
    }
  }
  return out;
}

}  // namespace shoal::content
