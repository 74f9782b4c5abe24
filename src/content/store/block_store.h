#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/subscription.h"
#include "content/block.h"
#include "content/store/file_stamp.h"
#include "format/multihash.h"
#include "system/system.h"

namespace shoal::content {

/// The index in a node's home, and what stands beside it while it is open.
inline constexpr const char* kIndexName = "index.db";
inline constexpr const char* kIndexWalSuffix = "-wal";

/// Names a file of the user's whose blocks are served from where it lies.
using FileId = std::int64_t;

/// What stands around the content in a block that is not raw: with it, the leaves of the other
/// profiles are served from the file too.
struct ExtentFrame {
  static constexpr std::size_t kMaxBytes = 256;  // of each

  Bytes before;
  Bytes after;
};

/// Whether the rows of an index outlive it.
enum class Persistence { on_disk, ephemeral };

/// Everything this node can serve. Leaves are (file, offset, length) of files that stay where they
/// are; interior nodes, and whatever has no file, are kept in the index itself, an SQLite database
/// in the node's home.
///
/// An ephemeral store has its rows in memory instead, and they end with it.
///
/// Used from the event loop only. Writes are visible at once. An interior node survives the end of
/// the process from the moment put() returns, unless many extents wait for their commit; these are
/// committed within a second or by commit(), and everything when the store is destroyed.
///
/// All but damaged() and stale_blocks() throw Error{io} when the disk fails. An index that turns
/// out to be damaged later is set aside then: the store goes on with an empty one.
class BlockStore {
 public:
  /// Ephemeral: touches no disk, and `folder` is only what home() says. Else opens or makes
  /// `folder`/index.db. A damaged database is set aside (its name gets the suffix
  /// .damaged-N), reported by damaged(), and a fresh one is begun. Throws Error{io}.
  BlockStore(System& system, std::string folder, Persistence persistence = Persistence::on_disk);
  /// After stop(), and when no get() is under way.
  ~BlockStore();
  BlockStore(const BlockStore&) = delete;
  BlockStore& operator=(const BlockStore&) = delete;

  /// The folder, from the root on.
  std::string home() const;
  /// Where a damaged index was moved to; empty when all was well.
  const std::string& damaged() const;

  bool has(const Multihash& hash);
  /// Bytes in the block; none when it is not held.
  std::optional<std::uint64_t> size(const Multihash& hash);

  /// A file that a block was verified in, and what it looked like then.
  struct HeldIn {
    FileId id;
    std::string path;
    FileStamp stamp;
  };
  /// Where a block lies, without looking there: empty when in the index itself, none when it is not
  /// held, or must be verified again wherever it is.
  std::optional<std::vector<HeldIn>> where(const Multihash& hash);

  /// The block's bytes; none when it is not held. Reads off the loop. A block from a file whose
  /// stamp changed is hashed again first: right, it is served and the stamp renewed; wrong, its
  /// place is forgotten, counted in stale_blocks(), and the answer is none. A file that
  /// is gone counts as changed; one that cannot be read now does not.
  Task<std::optional<SharedBytes>> get(Multihash hash);
  /// The same of several, in their order, read in one go: what many small ones cost most is the way
  /// to the disk and back.
  Task<std::vector<std::optional<SharedBytes>>> get_all(std::vector<Multihash> hashes);
  /// The same of a block that is hashed in any case, whatever its file looks like.
  Task<std::optional<SharedBytes>> get_hashed(Multihash hash);

  /// The block when it is kept in the index itself: a node, not a leaf of a file.
  Task<std::optional<SharedBytes>> get_node(Multihash hash);

  /// Keeps the bytes themselves. `bytes` must hash to `hash`; the caller has verified that.
  void put(const Multihash& hash, ByteView bytes);
  /// The same, committed like a place: for what can be made again.
  void put_later(const Multihash& hash, ByteView bytes);

  /// For those who change the index for thousands of files: waits while the disk is far behind.
  Task<void> keep_pace();
  /// Registers a file (absolute path), or finds it; a changed stamp forgets the extents in it.
  FileId add_file(std::string_view path, const FileStamp& stamp);
  /// The stamp was renewed by our own writing (a download in progress): its extents stay valid.
  void restamp(FileId file, const FileStamp& stamp);
  /// The block with this hash lies at [offset, offset + length) of the file, between the parts of
  /// its frame.
  void put_extent(const Multihash& hash, FileId file, std::uint64_t offset, std::uint64_t length,
                  const ExtentFrame& frame = {});
  /// Files at `from` and below it are now at `to` and below it; what was there is gone. From the
  /// call on they are found where they went; the rows change in turns, and when the process ends
  /// before the last, those that are left are dropped as soon as they are looked at.
  Task<void> moved(std::string from, std::string to);
  /// The file that is at `path` now was renamed by this program, which changes its ctime. If it
  /// still looked as when its blocks were verified, it is trusted by its new look.
  void restamp_renamed(std::string_view path, const FileInfo& before, const FileInfo& after);
  void forget_file(FileId file);
  /// The file at this path, or all below it when it is a folder. Returns how many.
  std::uint64_t forget_path(std::string_view path);
  /// Every file that holds a block of the tree below `root`, and the nodes of the tree. Returns how
  /// many files.
  Task<std::uint64_t> forget_tree(Cid root);
  /// Everything. Returns how many files.
  std::uint64_t forget_all();
  /// Adds what the index in another folder knows and this one does not. Throws Error{io}.
  void take_over(const std::string& folder);

  /// The root that importing a file of this path, stamp and profile gave, if its extents are still
  /// known.
  struct Imported {
    Cid root;
    std::uint64_t dag_bytes;  // sum of all its blocks, as dag-pb's tsize counts
    std::uint64_t blocks;
  };
  std::optional<Imported> imported(std::string_view path, const FileStamp& stamp,
                                   std::string_view profile);
  void set_imported(FileId file, std::string_view profile, const Imported& imported);

  /// Throws Error{io} also when changes since the last call were lost meanwhile: whoever made some
  /// must make them again.
  void commit();
  /// Commits and ends the store's own tasks. Must have returned before it is destroyed; after it,
  /// read only.
  Task<void> stop();
  std::uint64_t stale_blocks() const;
  /// Called when a block that was held is asked for and not to be had: the file at this path, the
  /// last that it was verified in, was changed, has gone, or cannot be read now.
  using Missed = std::function<void(const Multihash& hash, const std::string& path)>;
  Subscription when_missed(Missed callback);
  /// Bytes that the index takes on disk.
  std::uint64_t index_bytes();

 private:
  friend class FileMoves;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal::content
