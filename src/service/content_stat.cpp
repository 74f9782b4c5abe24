#include "service/content_stat.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "content/folder_depth.h"
#include "content/local_block.h"
#include "content/store/held_count.h"
#include "format/murmur3.h"
#include "service/block_queue.h"
#include "service/fingerprints.h"
#include "system/yield.h"

namespace shoal::service {

namespace {

constexpr std::size_t kNodesAhead = 16;
// Nodes whose totals are remembered, in 90 bytes at most. Others are counted again when they are
// met again, within what RepeatBudget allows.
constexpr std::size_t kMaxTotals = 350'000;
// Open nodes above each other: a folder and its shards.
constexpr std::size_t kMaxOpen = 4096;
// Nodes that one names, waiting at once, near the root and far below it; it is read again for the
// rest.
constexpr std::size_t kWindow = 1024;
constexpr std::size_t kNarrowWindow = 32;
constexpr std::size_t kWideDepth = 64;

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  return a + std::min(b, ~std::uint64_t{0} - a);
}

/// Of all that is below a node, as often as it occurs there.
struct Totals {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::uint64_t folders = 0;

  void add(const Totals& other) {
    bytes = saturating_add(bytes, other.bytes);
    files = saturating_add(files, other.files);
    folders = saturating_add(folders, other.folders);
  }
};

/// What a node is for whoever names it.
enum class Role : std::uint8_t { entry, shard, part };

/// Counts bottom up: of a node that occurs again, the totals are known.
class Counter {
 public:
  Counter(ContentSource& source, content::TreeLimits limits)
      : source_(source),
        queue_(
            source.system().waits, [&source](Cid cid) { return source.block(std::move(cid)); },
            kNodesAhead, source.read_ahead(),
            [this](const Queue::Ask& ask) { return is_needed(ask); }),
        held_(source.system(), source.store()),
        budget_(limits),
        yield_(source.system()),
        secret_(source.system().random.next()) {}

  Task<Stat> run(Cid root) {
    Stat out{.cid = root};
    co_await run_and_stop(queue_, count(root, out));
    const Totals totals = open_.front().totals;
    if (out.kind != EntryKind::symlink) out.bytes = totals.bytes;
    out.files = totals.files;
    out.folders = totals.folders;
    out.blocks = seen_.size();
    const std::uint64_t held = co_await held_.count();
    out.blocks_held = inline_ + held;
    co_return out;
  }

 private:
  struct Named {
    Role role = Role::entry;
    std::optional<FilePart> part{};
    std::string name{};    // of an entry
    std::size_t from = 0;  // of the nodes that it names, those before were asked for already
  };
  using Queue = BlockQueue<Named>;

  /// A folder, or a shard of one, of which something is still to come.
  struct Open {
    Cid cid;
    Role role;
    std::string name;
    Totals totals{};
    std::size_t asked = 0;  // and not taken, or open above
  };

  Task<void> count(Cid root, Stat& out) {
    open_.push_back({.cid = root, .role = Role::entry, .name = {}});
    co_await see(root);
    const SharedBytes block = co_await source_.block(root);
    UnixfsNode node = co_await described(root, Named{}, block);
    if (is_folder(node)) out.kind = EntryKind::folder;
    if (const auto* link = std::get_if<SymlinkNode>(&node.kind)) {
      out.kind = EntryKind::symlink;
      out.bytes = link->target.size();
    }
    co_await open_node(root, Named{}, std::move(node), block.size());
    close_done();
    while (!queue_.empty()) {
      Queue::Got got = co_await queue_.take();
      --open_.back().asked;
      co_await count_got(std::move(got));
      close_done();
      co_await yield_.step();
    }
  }

  Task<void> count_got(Queue::Got got) {
    const Totals* known = find(got.cid, got.what.role);
    if (known != nullptr && got.what.from == 0) {
      open_.back().totals.add(*known);
      co_return;
    }
    if (got.skipped) co_return;
    const std::size_t bytes = got.block.size();
    UnixfsNode node = co_await described(got.cid, got.what, std::move(got.block));
    co_await open_node(got.cid, std::move(got.what), std::move(node), bytes);
  }

  Task<UnixfsNode> described(const Cid& cid, const Named& what, SharedBytes block) {
    try {
      if (what.role == Role::part) {
        FileNode part = co_await source_.describe_part(*what.part, std::move(block));
        co_return UnixfsNode{std::move(part), {}};
      }
      UnixfsNode node = co_await source_.describe(cid, std::move(block));
      const bool shard = std::holds_alternative<ShardNode>(node.kind);
      if (what.role == Role::shard && !shard) {
        throw Error(ErrorCode::malformed, "shard of a directory that is none");
      }
      co_return node;
    } catch (const Error& error) {
      throw content::located(error, path_to(what.name), cid);
    }
  }

  Task<void> open_node(Cid cid, Named what, UnixfsNode node, std::size_t block_bytes) {
    const bool first = what.from > 0 || budget_.visit(cid, block_bytes);
    if (auto* file = std::get_if<FileNode>(&node.kind)) {
      if (what.role == Role::entry && what.from == 0) {
        const Totals totals{.bytes = file->length, .files = 1};
        remember(cid, Role::entry, totals);
        open_.back().totals.add(totals);
        // Its parts are counted as blocks only, whoever else they belong to.
        what.part = FilePart{.cid = cid, .offset = 0, .length = file->length, .depth = 0};
        what.role = Role::part;
        for (FilePart& part : file->children) part.depth = 1;
      }
      remember(cid, Role::part, {});
      co_await ask_parts(cid, std::move(what), std::move(file->children));
    } else if (auto* plain = std::get_if<DirectoryNode>(&node.kind)) {
      if (what.from == 0) open_folder(cid, what, first, plain->entries.size());
      co_await ask_entries(cid, std::move(what), std::move(plain->entries));
    } else if (auto* shard = std::get_if<ShardNode>(&node.kind)) {
      if (what.from == 0) open_folder(cid, what, first, shard->entries.size());
      co_await ask_shard(std::move(*shard));
    } else {
      remember(cid, Role::entry, {});  // a symlink
    }
    budget_.check(cid, [this] { return path_to({}); });
  }

  void open_folder(const Cid& cid, const Named& what, bool first, std::size_t entries) {
    if (open_.size() >= kMaxOpen) {
      throw Error(ErrorCode::limit, "folders are nested too deeply",
                  content::place_in_tree(path_to(what.name), cid));
    }
    const std::uint64_t folders = what.role == Role::entry ? 1 : 0;
    open_.push_back(
        {.cid = cid, .role = what.role, .name = what.name, .totals = {.folders = folders}});
    budget_.add_entries(first, entries);
  }

  Task<void> ask_entries(Cid folder, Named what, std::vector<DagPbLink> entries) {
    std::vector<Queue::Ask> asks;
    std::size_t next = what.from;
    for (; next < entries.size() && asks.size() < window(); ++next) {
      co_await yield_.step();
      co_await ask_entry(entries[next], asks);
    }
    what.from = next;
    if (next < entries.size()) asks.push_back({std::move(folder), std::move(what)});
    put(std::move(asks));
  }

  Task<void> ask_shard(ShardNode shard) {
    std::vector<Queue::Ask> asks;
    for (const ShardEntry& entry : shard.entries) co_await ask_entry(entry.link, asks);
    for (const ShardEntry& child : shard.children) {
      co_await see(child.link.cid);
      asks.push_back({child.link.cid, {.role = Role::shard}});
    }
    put(std::move(asks));
  }

  Task<void> ask_entry(const DagPbLink& entry, std::vector<Queue::Ask>& asks) {
    co_await see(entry.cid);
    if (const Totals* known = find(entry.cid, Role::entry)) {
      open_.back().totals.add(*known);
    } else if (entry.cid.is(Codec::raw)) {
      const Totals totals{.bytes = source_.raw_bytes(entry), .files = 1};
      remember(entry.cid, Role::entry, totals);
      open_.back().totals.add(totals);
    } else if (can_read(entry.cid)) {
      asks.push_back({entry.cid, {.role = Role::entry, .name = entry.name}});
    }
  }

  /// Blocks only: the bytes were counted at the file's root.
  Task<void> ask_parts(Cid node, Named what, std::vector<FilePart> parts) {
    std::vector<Queue::Ask> asks;
    std::size_t next = what.from;
    for (; next < parts.size() && asks.size() < window(); ++next) {
      co_await yield_.step();
      const FilePart& part = parts[next];
      co_await see(part.cid);
      if (part.cid.is(Codec::raw) || find(part.cid, Role::part) != nullptr) continue;
      asks.push_back({part.cid, {.role = Role::part, .part = part}});
    }
    what.from = next;
    if (next < parts.size()) asks.push_back({std::move(node), std::move(what)});
    put(std::move(asks));
  }

  bool is_needed(const Queue::Ask& ask) const {
    return ask.what.from > 0 || find(ask.cid, ask.what.role) == nullptr;
  }

  void put(std::vector<Queue::Ask> asks) {
    open_.back().asked += asks.size();
    queue_.put_front(std::move(asks));
  }

  /// The root stays.
  void close_done() {
    while (open_.size() > 1 && open_.back().asked == 0) {
      const Open done = std::move(open_.back());
      open_.pop_back();
      remember(done.cid, done.role, done.totals);
      open_.back().totals.add(done.totals);
    }
  }

  std::size_t window() const { return open_.size() < kWideDepth ? kWindow : kNarrowWindow; }

  static bool can_read(const Cid& cid) {
    return cid.is(Codec::dag_pb) && (cid.hash().is_computable() || content::inline_block(cid));
  }

  /// Before it is fetched, which may put it into the store.
  Task<void> see(const Cid& cid) {
    if (!seen_.insert(fingerprint(cid))) co_return;
    if (seen_.size() > kMaxStatBlocks) {
      throw Error(ErrorCode::limit, "too many blocks to count", path_to({}));
    }
    if (content::inline_block(cid)) {
      ++inline_;  // told by its name
    } else {
      co_await held_.add(cid.hash());
    }
  }

  /// Nobody can choose blocks whose fingerprints are near each other.
  std::uint64_t fingerprint(const Cid& cid, std::uint64_t role = 0) const {
    std::uint64_t x = murmur3_x64_64(cid.hash().encoded()) ^ secret_;
    x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL + role * 0x9e3779b97f4a7c15ULL;
    return x ^ x >> 33;
  }

  const Totals* find(const Cid& cid, Role role) const {
    return totals_.find(fingerprint(cid, 1 + static_cast<std::uint64_t>(role)));
  }

  void remember(const Cid& cid, Role role, const Totals& totals) {
    if (totals_.size() >= kMaxTotals) return;
    totals_.insert(fingerprint(cid, 1 + static_cast<std::uint64_t>(role)), totals);
  }

  std::string path_to(const std::string& name) const {
    std::string out;
    const auto append = [&out](const std::string& part) {
      if (!part.empty()) out += (out.empty() ? "" : "/") + part;
    };
    for (const Open& folder : open_) append(folder.name);
    append(name);
    return out;
  }

  struct Nothing {};

  ContentSource& source_;
  Queue queue_;
  FingerprintMap<Nothing> seen_;
  FingerprintMap<Totals> totals_;
  std::vector<Open> open_;
  content::HeldCount held_;
  content::RepeatBudget budget_;
  Yield yield_;
  const std::uint64_t secret_;
  std::uint64_t inline_ = 0;
};

}  // namespace

Task<Stat> stat_content(ContentSource& source, Cid cid, content::TreeLimits limits) {
  Counter counter(source, limits);
  co_return co_await counter.run(std::move(cid));
}

}  // namespace shoal::service
