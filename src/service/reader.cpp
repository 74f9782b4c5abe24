#include "service/reader.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "base/error.h"
#include "content/block.h"
#include "format/hamt_walk.h"
#include "service/block_queue.h"
#include "service/content_source.h"
#include "service/content_stat.h"

namespace shoal::service {

namespace {

Listed listed_file(const std::string& path, const Cid& cid, std::uint64_t bytes) {
  return {.path = path,
          .kind = EntryKind::file,
          .bytes = bytes,
          .cid = cid,
          .target = {},
          .metadata = {}};
}

constexpr std::size_t kPartsAhead = 8;
// Of the nodes of a listing; each level further down gets half, so that depth costs little.
constexpr std::size_t kNodesAhead = 16;
constexpr std::size_t kMaxDepth = Link::kMaxPathSegments;
constexpr std::uint64_t kMaxListed = std::uint64_t{1} << 24;
// Entries of all folders on the way to the one being listed: some 300 bytes each.
constexpr std::size_t kMaxListedAtOnce = std::size_t{1} << 20;

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

  RangeReader(ContentSource& source, std::uint64_t begin, std::uint64_t end, const Piece& piece)
      : queue_(
            source.system().waits, [&source](Cid cid) { return source.block(std::move(cid)); },
            kPartsAhead),
        begin_(begin),
        end_(end),
        piece_(piece) {}

  Task<void> run(FileNode root, SharedBytes block) {
    return run_and_stop(queue_, read(root, block));
  }

 private:
  using Queue = BlockQueue<FilePart>;

  Task<void> read(FileNode root, SharedBytes block) {
    co_await take(std::move(root));
    while (!queue_.empty()) {
      const Queue::Got got = co_await queue_.take();
      co_await take(describe_file_part(got.what, got.block.view()));
    }
  }

  Task<void> take(FileNode node) {
    const std::uint64_t from = std::max(begin_, node.offset);
    const std::uint64_t to = std::min<std::uint64_t>(end_, node.offset + node.content.size());
    std::vector<Queue::Ask> asks;
    for (FilePart& part : node.children) {
      if (part.offset >= end_ || part.offset + part.length <= begin_) continue;
      asks.push_back({part.cid, part});
    }
    queue_.put_front(std::move(asks));
    if (from < to) co_await piece_(node.content.subspan(from - node.offset, to - from));
  }

  Queue queue_;
  const std::uint64_t begin_;
  const std::uint64_t end_;
  const Piece& piece_;
};

/// One folder after the other, those within before what follows them.
class Lister {
 public:
  using Entry = std::function<Task<void>(const Listed&)>;

  Lister(ContentSource& source, bool recursive, const Entry& entry)
      : source_(source), recursive_(recursive), entry_(entry) {}

  Task<void> list(Cid cid) {
    if (cid.is(Codec::raw)) {
      const SharedBytes block = co_await source_.block(cid);
      const Listed file = listed_file("", cid, block.size());
      co_await entry_(file);
      co_return;
    }
    const SharedBytes block = co_await source_.block(cid);
    UnixfsNode node = describe_node(cid, block.view());
    if (is_folder(node)) {
      co_await list_folder(cid, std::move(node), block, "", 0);
    } else {
      const Listed found = listed(DagPbLink{.cid = cid, .name = "", .tsize = 0}, node, "");
      co_await entry_(found);
    }
  }

 private:
  using Queue = BlockQueue<std::monostate>;

  Task<void> list_folder(Cid cid, UnixfsNode node, SharedBytes block, std::string path,
                         std::size_t depth) {
    if (depth == kMaxDepth) throw Error(ErrorCode::limit, "folders too deep in each other", path);
    const std::vector<DagPbLink> entries =
        co_await source_.entries(cid, std::move(node), block, [](const Cid&) {});
    if (entries.size() > kMaxListedAtOnce - at_once_) {
      throw Error(ErrorCode::limit, "folders with too many entries in each other", path);
    }
    at_once_ += entries.size();
    Queue nodes(
        source_.system().waits, [this](Cid wanted) { return source_.block(std::move(wanted)); },
        std::max<std::size_t>(1, kNodesAhead >> std::min<std::size_t>(depth, 8)));
    std::vector<Queue::Ask> asks;
    for (const DagPbLink& entry : entries) {
      if (!entry.cid.is(Codec::raw)) asks.push_back({entry.cid, {}});
    }
    nodes.put_front(std::move(asks));
    co_await run_and_stop(nodes, list_entries(entries, nodes, std::move(path), depth));
    at_once_ -= entries.size();
  }

  Task<void> list_entries(const std::vector<DagPbLink>& entries, Queue& nodes, std::string path,
                          std::size_t depth) {
    for (const DagPbLink& entry : entries) {
      if (++listed_ > kMaxListed) throw Error(ErrorCode::limit, "too many entries to list");
      const std::string here = below(path, entry.name);
      if (entry.cid.is(Codec::raw)) {
        const Listed file = listed_file(here, entry.cid, source_.raw_bytes(entry));
        co_await entry_(file);
        continue;
      }
      const Queue::Got got = co_await nodes.take();
      UnixfsNode node = describe_node(got.cid, got.block.view());
      const Listed found = listed(entry, node, here);
      co_await entry_(found);
      if (!recursive_ || !is_folder(node)) continue;
      co_await list_folder(got.cid, std::move(node), got.block, here, depth + 1);
    }
  }

  static Listed listed(const DagPbLink& link, const UnixfsNode& node, const std::string& path) {
    Listed out = listed_file(path, link.cid, 0);
    out.metadata = node.metadata;
    if (const auto* file = std::get_if<FileNode>(&node.kind)) {
      out.bytes = file->length;
    } else if (const auto* symlink = std::get_if<SymlinkNode>(&node.kind)) {
      out.kind = EntryKind::symlink;
      out.bytes = symlink->target.size();
      out.target = symlink->target;
    } else {
      out.kind = EntryKind::folder;
      out.bytes = link.tsize;
    }
    return out;
  }

  ContentSource& source_;
  const bool recursive_;
  const Entry& entry_;
  std::uint64_t listed_ = 0;
  std::size_t at_once_ = 0;
};

}  // namespace

struct Reader::State {
  ContentSource source;
  std::uint64_t bytes_to_read = 0;

  /// The entry of that name; none when there is none.
  Task<std::optional<Cid>> find(Cid folder, std::string name, std::string path);
  Task<std::optional<Cid>> find_in_shards(ShardNode shard, std::string name);
};

Reader::Reader(System& system, net::Swarm& swarm, content::BlockStore& store,
               content::Bitswap& bitswap, const std::vector<Multiaddr>& providers)
    : state_(new State{.source = ContentSource(system, swarm, store, bitswap, providers)}) {}

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
  UnixfsNode node = describe_node(folder, block.view());
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
    if (next == nullptr) throw Error(ErrorCode::malformed, "shard of a directory that is none");
    shard = std::move(*next);
  }
}

Task<void> Reader::list(Cid cid, bool recursive, std::function<Task<void>(const Listed&)> entry) {
  Lister lister(state_->source, recursive, entry);
  co_await lister.list(std::move(cid));
}

Task<void> Reader::read(Cid cid, std::uint64_t offset, std::optional<std::uint64_t> length,
                        std::function<Task<void>(ByteView)> piece) {
  const SharedBytes block = co_await state_->source.block(cid);
  UnixfsNode node = describe_node(cid, block.view());
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
  RangeReader reader(state_->source, offset, end, piece);
  co_await reader.run(std::move(*file), block);
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
  return stat_content(state_->source, std::move(cid));
}

}  // namespace shoal::service
