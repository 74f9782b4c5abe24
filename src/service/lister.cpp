#include "service/lister.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/error.h"
#include "content/block.h"
#include "content/local_block.h"
#include "service/block_queue.h"
#include "service/content_stat.h"
#include "service/link.h"
#include "system/yield.h"

namespace shoal::service {

namespace {

// Of the nodes of a listing; each level further down gets half, so that depth costs little.
constexpr std::size_t kNodesAhead = 16;
constexpr std::size_t kMaxDepth = Link::kMaxPathSegments;
// Entries of all folders on the way to the one being listed.
constexpr std::size_t kMaxEntryBytes = std::size_t{64} << 20;
// Of one sharded folder, to be put in order.
constexpr std::size_t kMaxOrderedBytes = std::size_t{32} << 20;

Listed listed_as(EntryKind kind, const std::string& path, const Cid& cid, std::uint64_t bytes) {
  return {.path = path, .kind = kind, .bytes = bytes, .cid = cid, .target = {}, .metadata = {}};
}

std::string path_below(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "/" + name;
}

/// One folder after the other, those within before what follows them.
class Lister {
 public:
  using Entry = std::function<Task<void>(const Listed&)>;

  Lister(ContentSource& source, bool recursive, content::TreeLimits limits, const Entry& entry)
      : source_(source),
        recursive_(recursive),
        budget_(limits),
        yield_(source.system()),
        entry_(entry) {}

  Task<void> list(Cid cid) {
    const SharedBytes block = co_await source_.block(cid);
    if (cid.is(Codec::raw)) {
      const Listed file = listed_as(EntryKind::file, "", cid, block.size());
      co_await entry_(file);
      co_return;
    }
    UnixfsNode node = co_await described(cid, block);
    if (is_folder(node)) {
      co_await list_folder(cid, std::move(node), block, "", 0);
    } else {
      const Listed found = listed(DagPbLink{.cid = cid, .name = "", .tsize = 0}, node, "");
      co_await entry_(found);
    }
  }

 private:
  using Queue = BlockQueue<std::monostate>;

  Task<UnixfsNode> described(Cid cid, SharedBytes block) {
    try {
      UnixfsNode node = co_await source_.describe(cid, std::move(block));
      co_return node;
    } catch (const Error& error) {
      throw content::located(error, {}, cid);
    }
  }

  Task<void> list_folder(Cid cid, UnixfsNode node, SharedBytes block, std::string path,
                         std::size_t depth) {
    if (depth == kMaxDepth) {
      throw Error(ErrorCode::limit, "folders are nested too deeply",
                  content::place_in_tree(path, cid));
    }
    const ContentSource::FolderReader reader{
        .node =
            [&](const Cid& shard, std::size_t bytes, std::size_t entries) {
              budget_.add_entries(budget_.visit(shard, bytes), entries);
              budget_.check(shard, [&path] { return path; });
            },
        .entries =
            [&](std::vector<DagPbLink> entries) {
              return list_entries(std::move(entries), cid, path, depth);
            }};
    try {
      co_await source_.read_folder(cid, std::move(node), std::move(block), kMaxOrderedBytes,
                                   reader);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::malformed || !error.subject().empty()) throw;
      throw content::located(error, path, cid);
    }
  }

  Task<void> list_entries(std::vector<DagPbLink> entries, const Cid& folder,
                          const std::string& path, std::size_t depth) {
    const std::size_t bytes = memory_of(entries);
    if (bytes > kMaxEntryBytes - entry_bytes_) {
      throw Error(ErrorCode::limit, "folders with too many entries in each other",
                  content::place_in_tree(path, folder));
    }
    entry_bytes_ += bytes;
    const std::size_t ahead =
        std::max<std::size_t>(1, kNodesAhead >> std::min<std::size_t>(depth, 8));
    Queue nodes(
        source_.system().waits, [this](Cid wanted) { return source_.block(std::move(wanted)); },
        ahead, source_.read_ahead());
    co_await run_and_stop(nodes, list_each(entries, nodes, ahead, path, depth));
    entry_bytes_ -= bytes;
  }

  Task<void> list_each(const std::vector<DagPbLink>& entries, Queue& nodes, std::size_t ahead,
                       const std::string& path, std::size_t depth) {
    auto wanted = entries.begin();
    for (const DagPbLink& entry : entries) {
      for (; wanted != entries.end() && nodes.size() < ahead; ++wanted) {
        if (has_node(wanted->cid)) nodes.put_back({wanted->cid, {}});
      }
      co_await yield_.step();
      const std::string here = path_below(path, entry.name);
      if (has_node(entry.cid)) {
        Queue::Got got = co_await nodes.take();
        co_await list_node(entry, std::move(got.block), here, depth);
      } else {
        const bool raw = entry.cid.is(Codec::raw);
        const Listed found =
            raw ? listed_as(EntryKind::file, here, entry.cid, source_.raw_bytes(entry))
                : listed_as(EntryKind::unknown, here, entry.cid, entry.tsize);
        co_await entry_(found);
      }
    }
  }

  Task<void> list_node(const DagPbLink& entry, SharedBytes block, std::string here,
                       std::size_t depth) {
    std::optional<UnixfsNode> node;
    try {
      node = co_await source_.describe(entry.cid, block);
    } catch (const Error&) {
      // One that is broken does not hide the others.
    }
    if (!node) {
      const Listed unknown = listed_as(EntryKind::unknown, here, entry.cid, entry.tsize);
      co_await entry_(unknown);
      co_return;
    }
    const Listed found = listed(entry, *node, here);
    const bool open = recursive_ && is_folder(*node);
    if (!open) {
      budget_.visit(entry.cid, block.size());
      budget_.check(entry.cid, [&here] { return here; });
      node.reset();
      block = {};
    }
    co_await entry_(found);
    if (!open) co_return;
    co_await list_folder(entry.cid, std::move(*node), std::move(block), std::move(here), depth + 1);
  }

  /// Whether a block says more of an entry than its folder does, and can be read.
  static bool has_node(const Cid& cid) {
    const bool verifiable = cid.hash().is_computable() || content::inline_block(cid);
    return cid.is(Codec::dag_pb) && verifiable;
  }

  static Listed listed(const DagPbLink& link, const UnixfsNode& node, const std::string& path) {
    Listed out = listed_as(EntryKind::folder, path, link.cid, link.tsize);
    out.metadata = node.metadata;
    if (const auto* file = std::get_if<FileNode>(&node.kind)) {
      out.kind = EntryKind::file;
      out.bytes = file->length;
    } else if (const auto* symlink = std::get_if<SymlinkNode>(&node.kind)) {
      out.kind = EntryKind::symlink;
      out.bytes = symlink->target.size();
      out.target = symlink->target;
    }
    return out;
  }

  ContentSource& source_;
  const bool recursive_;
  content::RepeatBudget budget_;
  Yield yield_;
  const Entry& entry_;
  std::size_t entry_bytes_ = 0;
};

}  // namespace

Task<void> list_entries(ContentSource& source, Cid cid, bool recursive, content::TreeLimits limits,
                        const std::function<Task<void>(const Listed&)>& entry) {
  Lister lister(source, recursive, limits, entry);
  co_await lister.list(std::move(cid));
}

}  // namespace shoal::service
