#include "base/error.h"
#include "base/varint.h"
#include "format/hamt_walk.h"

// The input is blocks with their lengths in front: the root, then an answer to every shard wanted.
// The walk must end, whatever they are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  static const Cid kRoot = Cid::v1(Codec::dag_pb, Multihash::identity({}));
  ByteView rest{data, size};
  try {
    HamtWalk walk(kRoot);
    while (!walk.done() && !rest.empty()) {
      for (const Cid& cid : walk.take_wanted()) {
        const std::uint64_t length = take_whole_varint(rest);
        if (length > rest.size()) return 0;
        walk.accept(cid, rest.first(length));
        rest = rest.subspan(length);
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
