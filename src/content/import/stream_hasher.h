#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "format/file_layout.h"

namespace shoal::content {

/// What a file that came in pieces is.
struct StreamResult {
  FileRoot root;
  std::uint64_t blocks = 0;
};

/// Computes the root that Importer gives a file of the same content, without keeping it: memory
/// holds a chunk.
class StreamHasher {
 public:
  explicit StreamHasher(const UnixfsProfile& profile);
  StreamHasher(const StreamHasher&) = delete;
  StreamHasher& operator=(const StreamHasher&) = delete;

  /// The next bytes of the file.
  void add(ByteView bytes);
  /// At its end. Once.
  StreamResult finish();

 private:
  void add_chunk();

  UnixfsProfile profile_;
  std::uint64_t blocks_ = 0;
  BalancedFileBuilder builder_;
  Bytes chunk_;
};

}  // namespace shoal::content
