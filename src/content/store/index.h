#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "content/store/block_store.h"

namespace shoal::content {

/// Where the rows of the block store live: in an SQLite database (SqliteIndex), or in memory
/// (MemoryIndex) for nodes that keep nothing over a restart. Three tables and what follows from
/// them:
///
///     nodes    multihash → bytes
///     files    id → path, stamp, version
///     extents   (file, offset, length, frame) → multihash, version
///     imports  (file, profile) → root
///
/// A file's version counts the looks that it has had while its extents were known. A place with
/// the version of its file was verified since the file got its stamp; one with an older version
/// must be hashed before it is served.
///
/// Blocks; for one thread at a time. Throws Error{io} when the disk fails, DamagedDatabase when
/// what it finds there is not an index.
class Index {
 public:
  struct Extent {
    FileId file;
    std::uint64_t offset;
    std::uint64_t length;
    ExtentFrame frame;
    bool current;  // the versions agree
    FileStamp stamp;
    std::string path;
  };

  Index() = default;
  virtual ~Index() = default;
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  virtual std::optional<std::uint64_t> size(ByteView hash) = 0;

  virtual bool has_node(ByteView hash) = 0;
  virtual std::optional<Bytes> node(ByteView hash) = 0;
  virtual void put_node(ByteView hash, ByteView bytes) = 0;
  /// And every import, for some may have needed it.
  virtual void forget_node(ByteView hash) = 0;

  /// At most `most` of them, and no more are looked at: a block of zeros may have a million.
  virtual std::vector<Extent> extents(ByteView hash, std::size_t most) = 0;
  /// Nothing happens when the file is not known.
  virtual void put_extent(ByteView hash, FileId file, std::uint64_t offset, std::uint64_t length,
                          const ExtentFrame& frame) = 0;
  virtual void forget_extent(ByteView hash, const Extent& place) = 0;
  /// The place was right in a file that looks like `stamp` now.
  virtual void renew(const Extent& place, const FileStamp& stamp) = 0;

  struct Found {
    FileId id;
    FileStamp stamp;
  };
  virtual std::optional<Found> find_file(std::string_view path) = 0;
  virtual FileId add_file(std::string_view path, const FileStamp& stamp) = 0;
  /// Keeps the version.
  virtual void set_stamp(FileId file, const FileStamp& stamp) = 0;
  virtual void forget_file(FileId file) = 0;
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  /// Of the file at `from`, or those below it, in order of their paths, at most `most` are at `to`
  /// and below it from now on. One whose new path is known already is forgotten. Returns how many
  /// it was; 0: none are left.
  virtual std::uint64_t move_files(std::string_view from, std::string_view to,
                                   std::size_t most) = 0;
  /// A file, or at most `most` of those below a folder. Returns how many.
  virtual std::uint64_t forget_below(std::string_view path, std::size_t most) = 0;
  /// Every file. Returns how many.
  virtual std::uint64_t forget_all() = 0;
  /// What the database at `path` knows and this one does not. Commits before.
  virtual void take_over(const std::string& path) = 0;

  virtual std::optional<BlockStore::Imported> imported(FileId file, std::string_view profile) = 0;
  virtual void set_imported(FileId file, std::string_view profile,
                            const BlockStore::Imported& imported) = 0;

  /// Every change lies in a transaction, which the first one begins.
  virtual void commit() = 0;
  /// That are not committed yet.
  virtual bool has_changes() const = 0;
  /// What would hold up the event loop, to be run on another thread while this index is used; one
  /// at a time, and it may outlive the index. Says whether it could do all. Null when nothing is
  /// due.
  virtual std::function<bool()> due_checkpoint() = 0;
  /// So much is due that those who write without end should wait.
  virtual bool is_behind() const = 0;
  /// Transactions so far.
  virtual std::uint64_t commits() const = 0;
  /// A due checkpoint could do all, and nothing was committed since it began.
  virtual void caught_up() = 0;
  /// What was committed may be lost, and no change is possible until it is opened anew.
  virtual bool sync_failed() const = 0;
};

/// The paths below a folder are those in [first, end), in order of their bytes.
struct PathsBelow {
  explicit PathsBelow(std::string_view path)
      : first(std::string(path) + "/"), end(std::string(path) + "0") {}  // '0' follows '/'

  std::string first;
  std::string end;
};

}  // namespace shoal::content
