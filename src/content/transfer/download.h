#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "content/store/block_store.h"
#include "content/transfer/differences.h"
#include "content/transfer/folder_names.h"
#include "content/transfer/small_writes.h"
#include "content/transfer/target_swap.h"
#include "content/transfer/tree_compare.h"
#include "content/transfer/tree_metadata.h"
#include "content/transfer/tree_walk.h"
#include "system/system.h"

namespace shoal::content {

struct DownloadCounts {
  std::uint64_t blocks = 0;
  std::uint64_t blocks_resumed = 0;  // found on this machine, and right
  std::uint64_t files = 0;
  std::uint64_t content_bytes = 0;  // of all files found so far
  std::uint64_t done_bytes = 0;     // of these, written or found right
  std::uint64_t hashed_bytes = 0;   // of what was found on this machine
};

/// An extended attribute of the root folder that a download placed: the CID as text.
inline constexpr const char* kRootAttribute = "shoal.cid";

/// A target that was replaced.
struct Removed {
  LostFiles lost;      // of what was in it
  std::string left;    // the path of what could not be deleted; empty when all is gone
  std::string reason;  // why
};

/// Brings one tree into one place.
///
/// It grows under a temporary name beside its place, `.NAME.XXXXXXXX.shoal`, and takes its name
/// when it is complete and synced. That partial tree is its own record: a later run looks at each
/// leaf's place in it and fetches what is not right there. One at a time: who writes there holds
/// the lock of a file beside it, `.NAME.XXXXXXXX.shoal.lock`. Interior nodes are kept in the block
/// store, so a second run fetches none of them; leaves, raw or not, only where they belong. What
/// has been verified is served from where it lies at once, for as long as this object lives.
///
/// What the file system cannot hold (symlinks, names, sizes) is left out and listed; the rest is
/// placed, and run() fails at its end.
class Download final : public TreeSink, public BlockSource {
 public:
  /// Blocks that came and have no place here, kept so that a run elsewhere need not fetch them.
  static constexpr std::uint64_t kKeptUnplacedBytes = std::uint64_t{64} << 20;
  /// How many times as much as usual is asked for while others get the same.
  static constexpr std::uint64_t kAskAhead = 8;

  struct Place {
    std::string folder;    // exists
    std::string name;      // one acceptable file name
    bool replace = false;  // an existing different target
    TreeLimits limits{};
  };

  /// Borrows all for its life.
  Download(System& system, BlockStore& store, Bitswap& bitswap, Session& session, Cid root,
           Place place);
  ~Download() override;

  /// To the end. Throws Error{exists} when another thing is at the place already (an identical one
  /// is success, and gets the modes and times of the tree), Error{locked} while another download
  /// writes there, Error{io} (also when not all could be placed), Error{corrupt}, and what
  /// Session::fetch throws. The partial tree stays for the next run, unless no run could complete
  /// it: Error{malformed}, Error{limit}, Error{unsupported}.
  Task<void> run();

  /// Whether the folder at the place is this content already; stops at the first difference. run()
  /// does not look again. An empty folder is nobody's content.
  Task<bool> is_there();
  /// Another place than the one it was made with; before run().
  void move_to(Place place);

  /// Called once, when the root is held: others can begin to get from this node.
  void when_root_held(std::function<void()> callback) { when_root_held_ = std::move(callback); }
  /// Called before something else at the place is replaced, with what will be lost of it.
  void when_replacing(std::function<void(const LostFiles&)> callback) {
    when_replacing_ = std::move(callback);
  }

  /// The final path.
  const std::string& path() const { return path_; }
  DownloadCounts counts() const;
  /// Bytes of the whole content as far as the root tells; 0 before the root is there. Nodes that
  /// have not come yet may be among them.
  std::uint64_t expected_bytes() const;
  /// All has been found, so that counts() is of the whole.
  bool complete() const { return complete_; }
  /// What cannot be at the place, as far as found.
  const NotPlacedList& not_placed() const { return not_placed_; }
  const std::optional<Removed>& removed() const { return removed_; }
  /// Files and folders whose mode or time could not be set, and why the first could not.
  std::uint64_t metadata_failures() const { return metadata_->failures(); }
  const std::string& metadata_failure() const { return metadata_->first_failure(); }
  /// Leaves are being compared with what lies on the disk, not fetched.
  bool checking_existing() const { return comparing_; }
  /// All is here: what is left is for the disk, which takes as long as it takes.
  bool finishing() const { return finishing_; }

 private:
  class Turn;

  Task<void> place_all(bool absent);
  Task<void> bring();
  Task<void> recover();
  Task<void> check_replacing();
  Task<void> remove_partial();
  Task<bool> already_complete();
  /// Whether what is at the place is the content.
  Task<bool> compare(TreeCompare::Then then);
  Task<void> apply_metadata();
  Error not_all_placed() const;
  Task<void> check_space();
  /// Whether the root is kept now: it is no leaf.
  Task<bool> learn_size();
  void add_sizes(const UnixfsNode& root);
  Task<void> sync_now_and_then();
  Task<void> sync();
  Task<void> take_name();
  Task<void> remove_old(TargetSwap swapped);
  Task<std::optional<SharedBytes>> held(Cid cid);
  Task<Block> fetch(Cid cid);
  void claim_space(const TreeFile& file);
  void serve(const Multihash& hash);
  void add_leaf(const TreeFile& file, const Multihash& hash, std::uint64_t offset,
                std::uint64_t length, const ExtentFrame& frame);
  bool is_zeros(const Cid& cid, std::uint64_t length);
  bool hold_zeros(TreeFile& file, const Cid& cid, std::uint64_t offset, std::uint64_t length);
  std::string partial(std::string_view path) const;
  bool is_below_unplaced(std::string_view path) const;
  TargetSwap swap() const { return TargetSwap(*folder_, place_.name, root_); }
  bool may_be_there(std::string_view path) const;
  bool was_there(const std::string& path);
  void not_place(const std::string& path, const Error& error);
  void skip_file(TreeFile& file);
  void keep_unplaced(const Multihash& hash, ByteView block);
  void add_small_file(const std::string& at, const Cid& cid, const FileStamp& stamp);

  Task<void> begin_folder(std::string path) override;
  Task<void> end_folder(std::string path, UnixfsMetadata metadata) override;
  Task<void> symlink(std::string path, std::string target, UnixfsMetadata metadata) override;
  Task<std::optional<std::uint64_t>> holds_file(std::string path, Cid cid) override;
  Task<void> small_file(std::string path, Cid cid, SharedBytes bytes) override;
  Task<void> begin_file(TreeFile& file) override;
  Task<bool> holds(TreeFile& file, Cid cid, std::uint64_t offset, std::uint64_t length) override;
  bool holds_zeros(TreeFile& file, const Cid& cid, std::uint64_t offset,
                   std::uint64_t length) override;
  Task<void> content(TreeFile& file, std::uint64_t offset, SharedBytes bytes,
                     const TreeLeaf* leaf) override;
  Task<void> end_file(TreeFile& file) override;
  Task<SharedBytes> block(Cid cid) override;
  std::uint64_t held_bytes(const Cid& cid) override;
  std::uint64_t ask_ahead() const override { return session_.together() ? kAskAhead : 1; }
  void keep(const Cid& cid, const SharedBytes& block) override;

  System& system_;
  BlockStore& store_;
  Bitswap& bitswap_;
  Session& session_;
  const Cid root_;
  std::unique_ptr<ServedBlocks::Scope> served_;
  Place place_;
  std::string path_;
  std::string partial_name_;
  std::unique_ptr<Folder> folder_;
  std::function<void()> when_root_held_;
  std::function<void(const LostFiles&)> when_replacing_;
  const std::uint32_t umask_;
  std::optional<MetadataWriter> metadata_;
  TreeCompare* comparison_ = nullptr;  // while it goes on
  bool metadata_differs_ = false;
  std::optional<Removed> removed_;
  LostFiles lost_;  // of what is at the place, once it was compared
  NotPlacedList not_placed_;
  std::set<std::string, std::less<>> unplaced_folders_;  // that are open in the walk
  /// Of folders that were there when this began and are open in the walk.
  std::map<std::string, FolderNames, std::less<>> before_;
  std::uint64_t skipped_files_ = 0;  // of what the walk counts
  std::uint64_t skipped_blocks_ = 0;
  std::uint64_t skipped_bytes_ = 0;  // of files, as they begin
  std::uint64_t skipped_done_ = 0;   // as they are walked through
  std::uint64_t kept_unplaced_ = 0;
  bool known_same_ = false;
  bool comparing_ = false;
  bool finishing_ = false;
  bool complete_ = false;
  bool resuming_ = false;
  bool unsynced_ = false;  // something was written since the last sync
  /// Files that were finished since the last sync. Only what is synced is trusted by its look: a
  /// loss of power may change content without changing that.
  std::vector<std::pair<FileId, FileStamp>> finished_;
  std::string sync_failure_;  // of the first sync that failed
  std::uint64_t expected_bytes_ = 0;
  std::optional<std::uint64_t> root_node_bytes_;  // of a folder: what it says counts nodes, too
  std::uint64_t unclaimed_bytes_ = 0;             // of what was free at first, by files begun since
  std::uint64_t hashed_bytes_ = 0;
  std::uint64_t found_in_store_ = 0;
  std::uint64_t found_base_ = 0;              // its value when a walk begins
  std::uint64_t known_zeros_ = 0;             // leaves that a fresh file holds from the start
  std::optional<SharedBytes> root_leaf_;      // between learning its size and the walk
  std::map<std::uint64_t, Multihash> zeros_;  // hashes of zeros, by length
  SmallWrites small_writes_;
  std::unique_ptr<TreeWalk> walk_;
};

}  // namespace shoal::content
