#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "content/store/block_store.h"
#include "system/system.h"

namespace shoal::cli {

/// Reads stdin to its end. Each piece goes to `take` on the offload pool, and into the count
/// `bytes` afterwards. Cancellable within a tenth of a second, also while nobody writes. Throws
/// Error{io}, and what `take` throws.
Task<void> read_standard_input(System& system, std::function<void(ByteView)> take,
                               std::uint64_t& bytes);

/// What came from stdin, in a file of a node's home, so that it can be served. Several processes
/// may have one each: it is locked while its process lives, and goes with the Spool.
class Spool {
 public:
  /// Makes an empty file below `home`. Borrows the others for its life. Throws Error{io}.
  Spool(System& system, content::BlockStore& store, const std::string& home);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// All of stdin. Throws Error{io}.
  Task<void> fill();
  /// So far.
  std::uint64_t bytes() const { return bytes_; }
  /// From the root on.
  const std::string& path() const { return path_; }

 private:
  System& system_;
  content::BlockStore& store_;
  std::string path_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<File> file_;
  std::uint64_t bytes_ = 0;
};

/// Removes the spools in `home` whose processes were killed. Throws nothing that the disk causes.
void remove_old_spools(System& system, content::BlockStore& store, const std::string& home);

}  // namespace shoal::cli
