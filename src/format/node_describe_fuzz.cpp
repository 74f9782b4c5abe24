#include "base/error.h"
#include "format/unixfs_node.h"

namespace {

void check_file(const shoal::FileNode& file) {
  std::uint64_t at = file.offset + file.content.size();
  for (const shoal::FilePart& part : file.children) {
    SHOAL_CHECK(part.offset == at && part.length != 0);
    at += part.length;
  }
  SHOAL_CHECK(at == file.offset + file.length);
}

}  // namespace

// The parts of a file follow each other without a gap, whatever the block says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  static const Cid kNode = Cid::v1(Codec::dag_pb, Multihash::identity({}));
  try {
    const UnixfsNode node = describe_node(kNode, {data, size}, size);
    if (const FileNode* file = std::get_if<FileNode>(&node.kind)) check_file(*file);
    if (const ShardNode* shard = std::get_if<ShardNode>(&node.kind)) {
      SHOAL_CHECK(shard->entries.size() + shard->children.size() <= kMaxHamtFanout);
    }
  } catch (const Error&) {
  }
  return 0;
}
