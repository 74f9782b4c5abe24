#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "base/shared_bytes.h"
#include "content/store/block_store.h"

namespace shoal::content {

/// The few files that were read last, kept open.
class OpenFiles {
 public:
  static constexpr std::size_t kMost = 32;

  /// Null when it is not open.
  std::shared_ptr<File> find(FileId file);
  void keep(FileId file, std::shared_ptr<File> opened);
  void close(FileId file);
  void close_all() { files_.clear(); }
  std::size_t size() const { return files_.size(); }

 private:
  struct Entry {
    FileId file;
    std::shared_ptr<File> opened;
  };
  std::list<Entry> files_;  // the last used first
};

struct BlockExtent {
  std::string path;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  ExtentFrame frame;
  /// The block was verified when the file looked like this; then it is read without being hashed,
  /// if its look is reliable. `trusted` false: hash it whatever the file looks like.
  FileStamp stamp;
  bool trusted = true;
};

struct BlockReading {
  bool right = false;
  SharedBytes bytes;
  std::shared_ptr<File> file;
  FileInfo look;  // of the file, before it was read
  bool hashed = false;
  bool unreadable = false;  // now; the file is there
};

/// Reads a block from its place and hashes it if need be. `file` may be null; `now` is the time,
/// for is_reliable(). Blocks; throws nothing that the disk causes: an unreadable block is not
/// right.
BlockReading read_block(Storage& storage, const BlockExtent& place, const Multihash& hash,
                        std::shared_ptr<File> file, WallTime now);

}  // namespace shoal::content
