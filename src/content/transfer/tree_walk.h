#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/error.h"
#include "content/folder_depth.h"
#include "content/repeat_budget.h"
#include "content/transfer/tree_sink.h"
#include "format/cid.h"
#include "format/dag_pb.h"
#include "format/hamt_walk.h"
#include "format/unixfs_node.h"
#include "system/system.h"
#include "system/task_group.h"
#include "system/yield.h"

namespace shoal::content {

struct WalkLimits {
  /// Leaves' bytes on their way at once. A file of one raw block counts as what its folder says.
  std::uint64_t in_flight_bytes = 16 * 1024 * 1024;
  std::size_t in_flight_blocks = 256;
  std::size_t max_depth = kMaxFolderDepth;
  std::uint64_t max_entries = 1u << 24;  // files, folders and links in all
  /// Memory of what was found and is still to be visited, and of the shards of open folders. From
  /// the first on nodes are opened one by one, so that it grows with the depth of the tree only;
  /// the second ends the walk.
  std::size_t roomy_bytes = std::size_t{16} << 20;
  std::size_t max_held_bytes = std::size_t{64} << 20;
  /// Bytes of nodes beyond those that entries and content account for. A file in parts so small,
  /// or a tree of nodes so padded, that it exceeds them is made to waste a disk.
  std::uint64_t spare_node_bytes = std::uint64_t{64} << 20;
  /// What the user said; `max_entries` above counts unless there is something here.
  TreeLimits confirmed{};
  /// Whether RepeatBudget ends the walk. Not when something else bounds it, such as the names that
  /// are on a disk.
  bool bound_repeats = true;
};

struct WalkCounts {
  std::uint64_t blocks = 0;          // visited, each time it occurs
  std::uint64_t blocks_on_disk = 0;  // leaves that the sink already held
  std::uint64_t content_bytes = 0;   // of files
  std::uint64_t files = 0;           // symlinks are none
  std::uint64_t done_bytes = 0;      // of files, done
  std::uint64_t node_bytes = 0;      // of visited blocks, without the content in them
};

/// Visits everything below a UnixFS root, many blocks at once, in memory bounded by the limits and
/// the depth of the tree: what is found is put on a stack, and the newest goes first. Of a node
/// that names very much, a part is put there; the node is read again for the rest.
///
/// Errors of the tree itself name the path and the CID where they were found.
class TreeWalk {
 public:
  /// Borrows all but the limits for its life.
  TreeWalk(System& system, BlockSource& source, TreeSink& sink, WalkLimits limits);

  /// To the end, or to the first error, which is thrown when all that was under way has stopped.
  Task<void> run(Cid root);

  const WalkCounts& counts() const { return counts_; }

 private:
  /// A folder while something below it is open.
  struct FolderState {
    std::string path;
    std::shared_ptr<FolderState> parent;
    UnixfsMetadata metadata;
    std::unique_ptr<HamtWalk> shards;
    std::size_t depth = 0;
    std::size_t open_items = 0;
    std::size_t shard_bytes = 0;  // what `shards` takes, as reckoned in held_bytes_
  };
  /// A name in a folder (or the root) that may turn out to be anything.
  struct Entry {
    std::shared_ptr<FolderState> folder;  // null for the root
    std::string name;
    std::uint64_t bytes = 0;  // as the folder says: a hint
  };
  struct Shard {
    std::shared_ptr<FolderState> folder;
  };
  struct Part {
    std::shared_ptr<TreeFile> file;
    std::shared_ptr<FolderState> folder;
    FilePart part;
  };
  /// The entries of a folder's node from one on, not yet on the stack.
  struct MoreEntries {
    std::shared_ptr<FolderState> folder;
    std::size_t from = 0;
  };
  /// The parts that a file's node names, likewise.
  struct MoreParts {
    Part node;
    std::size_t from = 0;
  };
  struct Item {
    Cid cid;
    std::variant<Entry, Shard, Part, MoreEntries, MoreParts> place;
    std::uint64_t block_bytes = 0;  // as far as known without trusting anybody
    bool looked_up = false;         // here, for its size
    std::uint64_t weight = 0;       // in bytes_under_way_, while it is
  };

  void push(Item item);
  bool has_room();
  bool defer(const Item& item);
  std::size_t window() const;
  static std::size_t memory_of(const Item& item);
  void hold(std::size_t bytes);
  void hold_shards(FolderState& folder);
  void count_node(std::size_t bytes);
  static std::uint64_t cost(const Item& item);
  /// Gets the block; from then on the item weighs what it weighs, whatever others said of it. None
  /// when that is more than there is room for: the item is back on the stack.
  Task<std::optional<SharedBytes>> get(Item& item);
  /// What `decode` makes of a block. Large ones are decoded off the event loop and one at a time:
  /// decoded, a node may take ten times the memory.
  template <class Decode>
  Task<std::invoke_result_t<Decode>> decoded(const SharedBytes& block, Decode decode);
  Task<UnixfsNode> describe(const Cid& cid, const SharedBytes& block);
  Task<FileNode> describe_part(const FilePart& part, const SharedBytes& block);
  bool count_visit(const Cid& cid, std::uint64_t bytes);
  void count_entries(bool first_visit, std::size_t count);
  void check_budget(const Item& item) const;
  std::string path_of(const Item& item) const;
  Error located(const Error& error, const Item& item) const;
  Task<void> work(Item item);
  Task<void> visit(Item& item);
  Task<void> visit_entry(Item& item, const Entry& entry);
  Task<void> visit_shard(Item& item, const Shard& shard);
  Task<void> visit_part(Item& item, const Part& part);
  Task<void> visit_raw_entry(Item& item, const Entry& entry);
  Task<void> visit_more_entries(Item& item, const MoreEntries& more);
  Task<void> visit_more_parts(Item& item, const MoreParts& more);
  Task<void> open_folder(const Item& item, const Entry& entry, UnixfsNode node, SharedBytes block);
  Task<void> open_file(const Item& item, const Entry& entry, UnixfsNode node, SharedBytes block);
  Task<void> add_content(const Part& part, FileNode node, const SharedBytes& block);
  Task<void> end_part(const Part& part);
  void open_shard(const Item& item, const std::shared_ptr<FolderState>& folder,
                  const SharedBytes& block, bool first_visit);
  void push_entries(const std::shared_ptr<FolderState>& folder, const Cid& node,
                    const std::vector<DagPbLink>& entries, std::size_t from);
  void push_parts(const Part& node, const std::vector<FilePart>& parts, std::size_t from);
  std::string path_of(const Entry& entry) const;
  Task<void> leave(std::shared_ptr<FolderState> folder);

  System& system_;
  BlockSource& source_;
  TreeSink& sink_;
  const WalkLimits limits_;
  RepeatBudget budget_;
  WalkCounts counts_;
  std::deque<Item> stack_;  // no vector, which would need twice its memory to grow
  std::size_t held_bytes_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t node_bytes_ = 0;
  std::size_t under_way_ = 0;
  std::size_t nodes_under_way_ = 0;
  std::uint64_t bytes_under_way_ = 0;
  bool decoding_ = false;  // a large node
  Event decoded_;
  std::exception_ptr failure_;
  Event changed_;
  Yield yield_;
  TaskGroup workers_;
};

}  // namespace shoal::content
