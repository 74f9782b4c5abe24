#include "service/content_stat.h"

#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "content/local_block.h"
#include "content/store/held_count.h"
#include "service/block_queue.h"

namespace shoal::service {

namespace {

constexpr std::size_t kNodesAhead = 16;
constexpr std::uint64_t kMaxEntries = std::uint64_t{1} << 24;
// Different ones, each remembered in some 90 bytes.
constexpr std::size_t kMaxBlocks = std::size_t{1} << 21;

class Counter {
 public:
  explicit Counter(ContentSource& source)
      : source_(source),
        queue_(
            source.system().waits, [this](Cid cid) { return source_.block(std::move(cid)); },
            kNodesAhead),
        held_(source.system(), source.store()) {}

  Task<Stat> run(Cid root) {
    Stat out{.cid = root};
    co_await run_and_stop(queue_, count(root, out));
    out.blocks = seen_.size();
    const std::uint64_t held = co_await held_.count();
    out.blocks_held = inline_ + held;
    co_return out;
  }

 private:
  /// A part of a file, or a name that may be anything.
  using Queue = BlockQueue<std::optional<FilePart>>;

  Task<void> count(Cid root, Stat& out) {
    see(root);
    const SharedBytes block = co_await source_.block(root);
    UnixfsNode node = describe_node(root, block.view());
    if (is_folder(node)) out.kind = EntryKind::folder;
    if (const auto* link = std::get_if<SymlinkNode>(&node.kind)) {
      out.kind = EntryKind::symlink;
      out.bytes = link->target.size();
    }
    co_await count_node(root, std::move(node), block, out);
    while (!queue_.empty()) {
      const Queue::Got got = co_await queue_.take();
      if (got.what) {
        count_parts(describe_file_part(*got.what, got.block.view()));
      } else {
        UnixfsNode next = describe_node(got.cid, got.block.view());
        co_await count_node(got.cid, std::move(next), got.block, out);
      }
    }
  }

  Task<void> count_node(Cid cid, UnixfsNode node, SharedBytes block, Stat& out) {
    if (out.files + out.folders + symlinks_ > kMaxEntries) {
      throw Error(ErrorCode::limit, "too many entries to count");
    }
    if (const auto* file = std::get_if<FileNode>(&node.kind)) {
      ++out.files;
      add_bytes(out, file->length);
      if (counted_.insert(cid).second) count_parts(*file);
    } else if (std::holds_alternative<SymlinkNode>(node.kind)) {
      ++symlinks_;
    } else {
      ++out.folders;
      count_entries(co_await source_.entries(cid, std::move(node), block,
                                             [this](const Cid& shard) { see(shard); }),
                    out);
    }
  }

  void count_entries(const std::vector<DagPbLink>& entries, Stat& out) {
    std::vector<Queue::Ask> asks;
    for (const DagPbLink& entry : entries) {
      see(entry.cid);
      if (!entry.cid.is(Codec::raw)) {
        asks.push_back({entry.cid, std::nullopt});
        continue;
      }
      ++out.files;
      add_bytes(out, source_.raw_bytes(entry));
    }
    queue_.put_front(std::move(asks));
  }

  /// A file may say that it is as long as it likes.
  static void add_bytes(Stat& out, std::uint64_t bytes) {
    out.bytes += std::min(bytes, ~std::uint64_t{0} - out.bytes);
  }

  /// Blocks only: the bytes were counted at the file's root.
  void count_parts(const FileNode& node) {
    std::vector<Queue::Ask> asks;
    for (const FilePart& part : node.children) {
      const bool fresh = see(part.cid);
      if (fresh && !part.cid.is(Codec::raw)) asks.push_back({part.cid, part});
    }
    queue_.put_front(std::move(asks));
  }

  /// Before it is fetched, which may put it into the store. True the first time.
  bool see(const Cid& cid) {
    if (!seen_.insert(cid.hash()).second) return false;
    if (seen_.size() > kMaxBlocks) throw Error(ErrorCode::limit, "too many blocks to count");
    if (content::inline_block(cid)) {
      ++inline_;  // told by its name
    } else {
      held_.add(cid.hash());
    }
    return true;
  }

  ContentSource& source_;
  Queue queue_;
  // In order: whoever chooses the hashes could make them collide.
  std::set<Multihash> seen_;
  std::set<Cid> counted_;  // files whose parts are known
  content::HeldCount held_;
  std::uint64_t inline_ = 0;
  std::uint64_t symlinks_ = 0;
};

}  // namespace

Task<Stat> stat_content(ContentSource& source, Cid cid) {
  Counter counter(source);
  co_return co_await counter.run(std::move(cid));
}

}  // namespace shoal::service
