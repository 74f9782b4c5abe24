#include "format/unixfs_profile.h"

namespace shoal {

UnixfsProfile UnixfsProfile::legacy_v0() {
  return {.cid_version = 0,
          .chunk_bytes = std::size_t{256} << 10,
          .links_per_node = 174,
          .raw_leaves = false,
          .size_estimation = DirectorySizeEstimate::links};
}

Cid UnixfsProfile::dag_pb_cid(ByteView block) const {
  Multihash hash = Multihash::sha2_256(block);
  return cid_version == 0 ? Cid::v0(std::move(hash)) : Cid::v1(Codec::dag_pb, std::move(hash));
}

Cid UnixfsProfile::raw_cid(ByteView block) {
  return Cid::v1(Codec::raw, Multihash::sha2_256(block));
}

}  // namespace shoal
