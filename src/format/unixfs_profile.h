#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "format/cid.h"

namespace shoal {

/// How the leaves of a file hang together.
enum class FileLayout { balanced, trickle };

/// What is compared with the threshold at which a directory is sharded.
enum class DirectorySizeEstimate {
  links,  // the bytes of all names and CIDs
  block,  // the bytes of the directory's block
};

/// The choices that decide which CID some content gets: IPIP-499.
struct UnixfsProfile {
  int cid_version = 1;
  std::size_t chunk_bytes = std::size_t{1} << 20;
  std::size_t links_per_node = 1024;
  bool raw_leaves = true;
  FileLayout layout = FileLayout::balanced;
  /// A directory is sharded when its estimate is larger; one that is just as large is not.
  std::size_t hamt_threshold_bytes = std::size_t{256} << 10;
  DirectorySizeEstimate size_estimation = DirectorySizeEstimate::block;
  /// A power of two from 8 to 1024.
  unsigned hamt_fanout = 256;

  /// unixfs-v1-2025: what this project writes.
  static UnixfsProfile v1_2025() { return {}; }
  /// unixfs-v0-2015: Kubo's defaults of old, still those of Kubo 0.41.
  static UnixfsProfile legacy_v0();

  /// The CID of a dag-pb block.
  Cid dag_pb_cid(ByteView block) const;
  /// The CID of a raw block: version 1 whatever the profile says, since version 0 has no codec.
  static Cid raw_cid(ByteView block);
};

}  // namespace shoal
