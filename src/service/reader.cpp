#include "service/reader.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>
#include <variant>

#include "base/error.h"
#include "content/block.h"
#include "content/local_block.h"
#include "format/hamt_walk.h"
#include "service/block_queue.h"
#include "service/content_source.h"
#include "service/content_stat.h"
#include "system/yield.h"

namespace shoal::service {

namespace {

Listed listed_as(EntryKind kind, const std::string& path, const Cid& cid, std::uint64_t bytes) {
  return {.path = path, .kind = kind, .bytes = bytes, .cid = cid, .target = {}, .metadata = {}};
}

constexpr std::size_t kPartsAhead = 8;
constexpr std::size_t kTinyPart = 16 * 1024;
// Of one node, waiting at once; it is read again for the rest.
constexpr std::size_t kParts = 1024;
// Of the nodes of a listing; each level further down gets half, so that depth costs little.
constexpr std::size_t kNodesAhead = 16;
constexpr std::size_t kMaxDepth = Link::kMaxPathSegments;
// Entries of all folders on the way to the one being listed.
constexpr std::size_t kMaxEntryBytes = std::size_t{64} << 20;
// Of one sharded folder, to be put in order.
constexpr std::size_t kMaxOrderedBytes = std::size_t{32} << 20;

std::string below(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "/" + name;
}

Error missing(const std::string& path, const std::string& why) {
  return Error(ErrorCode::not_found, why, path);
}

/// The bytes of [begin, end) of a file, part by part.
class RangeReader {
 public:
  using Piece = std::function<Task<void>(ByteView)>;

  RangeReader(ContentSource& source, std::uint64_t begin, std::uint64_t end,
              content::TreeLimits limits, const Piece& piece)
      : source_(source),
        queue_(
            source.system().waits, [&source](Cid cid) { return source.block(std::move(cid)); },
            kPartsAhead, source.read_ahead()),
        budget_(limits),
        yield_(source.system()),
        begin_(begin),
        end_(end),
        piece_(piece) {}

  Task<void> run(Cid root, FileNode node, SharedBytes block) {
    return run_and_stop(queue_, read(std::move(root), std::move(node), std::move(block)));
  }

 private:
  /// A node, of which the parts before `from` were asked for already.
  struct Node {
    FilePart part;
    std::size_t from = 0;
  };
  using Queue = BlockQueue<Node>;

  Task<void> read(Cid root, FileNode node, SharedBytes block) {
    const FilePart whole{.cid = std::move(root), .offset = 0, .length = node.length, .depth = 0};
    for (FilePart& part : node.children) part.depth = 1;
    std::exception_ptr failure;
    try {
      co_await take({whole, 0}, std::move(node), std::move(block));
      while (!queue_.empty()) {
        Queue::Got got = co_await queue_.take();
        FileNode part = co_await describe(got);
        co_await take(std::move(got.what), std::move(part), std::move(got.block));
        co_await yield_.step();
      }
    } catch (const Error&) {
      failure = std::current_exception();
    }
    co_await flush();
    if (failure) std::rethrow_exception(failure);
  }

  /// Tiny parts are handed over together: each may cost a system call.
  Task<void> give(ByteView bytes) {
    if (bytes.size() < kTinyPart) {
      append(tiny_, bytes);
      if (tiny_.size() >= kTinyPart) co_await flush();
      co_return;
    }
    co_await flush();
    co_await piece_(bytes);
  }

  Task<void> flush() {
    if (tiny_.empty()) co_return;
    const Bytes bytes = std::exchange(tiny_, {});
    co_await piece_(bytes);
  }

  Task<FileNode> describe(const Queue::Got& got) {
    try {
      FileNode node = co_await source_.describe_part(got.what.part, got.block);
      co_return node;
    } catch (const Error& error) {
      throw content::located(error, {}, got.cid);
    }
  }

  Task<void> take(Node asked, FileNode node, SharedBytes block) {
    if (asked.from == 0) {
      budget_.visit(asked.part.cid, block.size());
      budget_.check(asked.part.cid, [] { return std::string(); });
    }
    std::vector<Queue::Ask> asks;
    std::size_t next = asked.from;
    for (; next < node.children.size() && asks.size() < kParts; ++next) {
      const FilePart& part = node.children[next];
      if (part.offset >= end_ || part.offset + part.length <= begin_) continue;
      asks.push_back({part.cid, {part, 0}});
    }
    if (next < node.children.size()) asks.push_back({asked.part.cid, {asked.part, next}});
    queue_.put_front(std::move(asks));
    node.children = std::vector<FilePart>();
    if (asked.from > 0) co_return;
    const std::uint64_t from = std::max(begin_, node.offset);
    const std::uint64_t to = std::min<std::uint64_t>(end_, node.offset + node.content.size());
    if (from < to) co_await give(node.content.subspan(from - node.offset, to - from));
  }

  ContentSource& source_;
  Queue queue_;
  content::RepeatBudget budget_;
  Yield yield_;
  const std::uint64_t begin_;
  const std::uint64_t end_;
  const Piece& piece_;
  Bytes tiny_;
};

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
      const std::string here = below(path, entry.name);
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

struct Reader::State {
  ContentSource source;
  content::TreeLimits limits;
  std::uint64_t bytes_to_read = 0;

  /// The entry of that name; none when there is none.
  Task<std::optional<Cid>> find(Cid folder, std::string name, std::string path);
  Task<std::optional<Cid>> find_in_shards(ShardNode shard, std::string name);
};

Reader::Reader(Context context, Origin origin, content::TreeLimits limits, Fetching fetching)
    : state_(new State{.source = ContentSource(context, std::move(origin), fetching),
                       .limits = limits}) {}

Reader::~Reader() = default;

Task<Cid> Reader::resolve(Link link) {
  Cid here = link.cid;
  std::string path;
  for (const std::string& name : link.path) {
    const std::string next = below(path, name);
    std::optional<Cid> found = co_await state_->find(here, name, path);
    if (!found) throw missing(next, "no such entry");
    here = std::move(*found);
    path = next;
  }
  co_return here;
}

Task<std::optional<Cid>> Reader::State::find(Cid folder, std::string name, std::string path) {
  const std::string shown = path.empty() ? folder.to_string() : path;
  if (folder.is(Codec::raw)) throw missing(shown, "is a file, so nothing is below it");
  const SharedBytes block = co_await source.block(folder);
  UnixfsNode node = co_await source.describe(folder, block);
  if (std::holds_alternative<FileNode>(node.kind)) {
    throw missing(shown, "is a file, so nothing is below it");
  }
  if (std::holds_alternative<SymlinkNode>(node.kind)) {
    throw missing(shown, "is a symlink, and those are not followed");
  }
  if (auto* shard = std::get_if<ShardNode>(&node.kind)) {
    co_return co_await find_in_shards(std::move(*shard), std::move(name));
  }
  const auto& entries = std::get<DirectoryNode>(node.kind).entries;
  const auto found = std::ranges::find(entries, name, &DagPbLink::name);
  if (found == entries.end()) co_return std::nullopt;
  co_return found->cid;
}

Task<std::optional<Cid>> Reader::State::find_in_shards(ShardNode shard, std::string name) {
  for (unsigned depth = 0;; ++depth) {
    const HamtStep step = find_in_shard(shard, name, depth);
    if (step.entry != nullptr) co_return step.entry->cid;
    if (step.child == nullptr) co_return std::nullopt;
    const Cid below = step.child->cid;
    const SharedBytes block = co_await source.block(below);
    UnixfsNode node = describe_node(below, block.view());
    auto* next = std::get_if<ShardNode>(&node.kind);
    if (next == nullptr) {
      throw Error(ErrorCode::malformed, "shard of a directory that is none", below.to_string());
    }
    shard = std::move(*next);
  }
}

Task<void> Reader::list(Cid cid, bool recursive, std::function<Task<void>(const Listed&)> entry) {
  Lister lister(state_->source, recursive, state_->limits, entry);
  co_await lister.list(std::move(cid));
}

Task<void> Reader::read(Cid cid, std::uint64_t offset, std::optional<std::uint64_t> length,
                        std::function<Task<void>(ByteView)> piece) {
  const SharedBytes block = co_await state_->source.block(cid);
  UnixfsNode node = co_await state_->source.describe(cid, block);
  auto* file = std::get_if<FileNode>(&node.kind);
  if (file == nullptr) {
    const bool folder = is_folder(node);
    throw Error(ErrorCode::usage, folder ? "is a folder" : "is a symlink", cid.to_string(),
                folder ? "`shoal ls LINK` shows what is in it; end the link in the path of a file"
                       : "`shoal ls LINK` shows what it leads to");
  }
  const std::uint64_t rest = file->length - std::min(offset, file->length);
  const std::uint64_t end = file->length - rest + std::min(rest, length.value_or(rest));
  if (offset >= end) co_return;
  state_->bytes_to_read = end - offset;
  content::TreeLimits limits = state_->limits;
  if (end - offset > limits.max_bytes.value_or(end - offset)) {
    throw Error(ErrorCode::limit,
                "has " + std::to_string(end - offset) + " bytes to be written, more than allowed",
                cid.to_string(), "--max-size SIZE allows more");
  }
  // Whoever says how many bytes it shall be means them.
  if (length) limits.max_bytes = std::max(limits.max_bytes.value_or(0), *length);
  RangeReader reader(state_->source, offset, end, limits, piece);
  co_await reader.run(std::move(cid), std::move(*file), block);
}

std::uint64_t Reader::bytes_to_read() const {
  return state_->bytes_to_read;
}

std::size_t Reader::bytes_arriving() const {
  return state_->source.bytes_arriving();
}

std::vector<content::Trouble> Reader::troubles() const {
  return state_->source.troubles();
}

Task<Stat> Reader::stat(Cid cid) {
  return stat_content(state_->source, std::move(cid), state_->limits);
}

}  // namespace shoal::service
