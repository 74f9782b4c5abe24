#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system/clock.h"
#include "system/faults.h"
#include "system/sim/content.h"
#include "system/sim/random.h"
#include "system/storage.h"

namespace shoal::sim {

/// A file, folder or symlink. Holds what a running host sees, and beside it what a crash may bring
/// back.
struct Node {
  FileKind kind = FileKind::file;
  std::uint64_t inode = 0;
  std::uint32_t mode = 0;
  WallTime mtime;
  WallTime ctime;
  bool linked = false;   // has a name; only then its pages count
  bool mounted = false;  // another disk begins here, in name only
  std::string target;    // of a symlink
  std::map<std::string, std::string, std::less<>> attributes;         // of a folder
  std::map<std::string, std::shared_ptr<Node>, std::less<>> entries;  // of a folder

  Content content;
  std::uint64_t synced_size = 0;
  std::map<std::uint64_t, Content::PagePtr> synced_pages;  // of those written since: as they were
  std::map<std::uint64_t, Content::PagePtr> lost_pages;    // of those that a failed sync lost
};

using NodePtr = std::shared_ptr<Node>;

/// What a file system cannot do, or will not.
struct DiskRules {
  bool has_symlinks = true;
  bool has_exchange = true;
  bool has_attributes = true;
  bool folds_case = false;                              // "NAME" and "name" are one
  std::string refused_characters = {};                  // in names
  std::uint64_t largest_file = std::uint64_t{1} << 50;  // bytes
};

/// The disk of a host: a tree of nodes, and what of it would survive a loss of power.
///
/// A write is durable after sync_file, page by page, and may be before: at a crash every page
/// written since keeps its new or gets back its old bytes, as the seed chooses. Changes of names
/// are a journal, as of a journalling file system: a crash keeps a beginning of it of any length,
/// but at least up to the last change in a folder that sync_names was called for.
///
/// A sync of content that fails loses some of the pages written since the last one, as a kernel
/// does that tells of a failed write once: they read as written until forget_cached() or a crash,
/// and no later sync brings them to the disk unless they are written again.
///
/// Fault points: storage.open, .read, .write, .sync, .info, .list, .rename, .remove, .make_folder
/// and .lock, each an Error{io} before anything happens, and storage.full, which finds no space.
class Disk {
 public:
  Disk(Clock& clock, Faults& faults, std::uint64_t seed, std::uint32_t host,
       std::uint64_t capacity_bytes);

  const NodePtr& root() const { return root_; }
  std::uint64_t device() const { return device_; }
  std::uint64_t free_bytes() const;
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  const DiskRules& rules() const { return rules_; }
  void set_rules(DiskRules rules) { rules_ = std::move(rules); }
  /// Lets a folder look like one that another disk is mounted at. Throws Error{not_found}.
  void mount_at(std::string_view path) { find(path)->mounted = true; }

  NodePtr make_node(FileKind kind, std::uint32_t mode);
  /// Gives `node` (null: nothing) the name in `folder`, in place of what had it.
  void set_entry(const NodePtr& folder, std::string_view name, NodePtr node);
  /// Two names at once, as a rename does.
  void rename(const NodePtr& from, std::string_view old_name, const NodePtr& to,
              std::string_view new_name);
  void exchange(const NodePtr& one_folder, std::string_view one, const NodePtr& other_folder,
                std::string_view other);
  /// An entry of a folder by its name, as the rules tell names apart.
  std::map<std::string, NodePtr, std::less<>>::const_iterator find_entry(
      const Node& folder, std::string_view name) const;
  void sync_names(const NodePtr& folder);
  /// All content and all names of the disk, as the strongest call of a system does. Throws
  /// Error{io} with `path`.
  void sync_all(std::string_view path);

  std::size_t read(const Node& node, std::uint64_t offset, MutableBytes into);
  void write(const NodePtr& node, std::uint64_t offset, ByteView bytes);
  void resize(const NodePtr& node, std::uint64_t size);
  void sync_file(const NodePtr& node, std::string_view path);
  void forget_cached(Node& node);
  FileInfo info(const Node& node) const;
  void set_mode(Node& node, std::uint32_t mode);
  void set_mtime(Node& node, WallTime mtime);
  /// As of a file system whose times say little of changes.
  void set_stable_times(bool stable) { stable_times_ = stable; }

  /// Puts a durable file at a path from the root, with the folders above it; for scenarios.
  void put(std::string_view path, Content content);
  /// What a file holds now. Throws Error{not_found}.
  const Content& content(std::string_view path) const;

  void crash();
  /// Life number `life` of the host begins; locks of another one are gone.
  void start(std::uint32_t life);
  bool alive(std::uint32_t life) const { return life == life_; }

  /// False when somebody holds it.
  bool lock(const Node& node);
  bool locked(const Node& node) const { return locks_.contains(node.inode); }
  void unlock(const Node& node) { locks_.erase(node.inode); }
  void set_owner(std::string name) { owner_ = std::move(name); }
  std::string owner() const;

  void inject(std::string_view point, std::string_view path);
  /// Changes a byte of a file without a trace, as failing hardware does.
  void rot(std::string_view path, std::uint64_t offset);
  WallTime wall_now() const { return clock_.wall_now(); }

 private:
  struct Entry {
    NodePtr folder;
    std::string name;
    NodePtr before;
  };
  using Change = std::vector<Entry>;  // happens wholly or not at all

  NodePtr find(std::string_view path) const;
  Entry replace(const NodePtr& folder, std::string_view name, NodePtr node);
  void put_back(const Entry& entry);
  void link(const NodePtr& node, bool linked);
  void journal(Change change);
  void remember(const NodePtr& node, std::uint64_t first_page, std::uint64_t last_page);
  void fall_back(Node& node);
  void mark_synced(Node& node);
  void lose_some(Node& node);
  /// Whether a crash may change it. Kept in `at_risk_` for as long.
  static bool is_at_risk(const Node& node);
  void content_changed(Node& node);
  void count_pages(const Node& node, std::uint64_t& pages) const;

  Clock& clock_;
  Faults& faults_;
  SeededRandom random_;
  std::uint64_t device_;
  std::uint64_t capacity_;
  DiskRules rules_;
  std::uint64_t used_pages_ = 0;
  std::uint64_t next_inode_ = 1;
  std::uint32_t life_ = 0;
  bool stable_times_ = true;
  std::string owner_;
  NodePtr root_;
  std::vector<Change> journal_;
  std::map<std::uint64_t, NodePtr> at_risk_;  // by inode
  std::map<std::uint64_t, std::uint32_t> locks_;
};

}  // namespace shoal::sim
