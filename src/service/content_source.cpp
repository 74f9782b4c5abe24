#include "service/content_source.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/error.h"
#include "content/local_block.h"
#include "format/hamt_walk.h"
#include "service/block_queue.h"
#include "system/offload.h"

namespace shoal::service {

namespace {

constexpr std::size_t kShardsAhead = 16;
constexpr std::size_t kMaxShardBytes = std::size_t{48} << 20;

using ShardQueue = BlockQueue<std::monostate>;

bool is_interior(const Cid& cid, ByteView block) {
  return cid.is(Codec::dag_pb) && !decode_dag_pb(block).links.empty();
}

// A larger block is decoded elsewhere.
constexpr std::size_t kSmallNodeBytes = std::size_t{64} << 10;

/// A sharded folder, shard by shard.
class ShardReader {
 public:
  ShardReader(ContentSource& source, const Cid& root, std::size_t max_bytes,
              const ContentSource::FolderReader& reader)
      : walk_(root),
        queue_(
            source.system().waits, [&source](Cid cid) { return source.block(std::move(cid)); },
            kShardsAhead, source.read_ahead()),
        max_bytes_(max_bytes),
        reader_(reader) {
    walk_.take_wanted();  // the root, which is here
  }

  Task<void> run(Cid root, SharedBytes block) {
    return run_and_stop(queue_, read(std::move(root), std::move(block)));
  }

 private:
  Task<void> read(Cid root, SharedBytes block) {
    co_await accept(root, block);
    while (!queue_.empty()) {
      const ShardQueue::Got got = co_await queue_.take();
      co_await accept(got.cid, got.block);
    }
    if (ordered_) std::ranges::sort(found_, {}, &DagPbLink::name);
    if (!found_.empty()) co_await reader_.entries(std::move(found_));
  }

  Task<void> accept(const Cid& cid, const SharedBytes& block) {
    std::vector<DagPbLink> entries = walk_.accept(cid, block.view());
    reader_.node(cid, block.size(), entries.size());
    if (walk_.memory_bytes() > kMaxShardBytes) {
      throw Error(ErrorCode::limit, "a folder of too many shards");
    }
    std::vector<ShardQueue::Ask> asks;
    for (Cid& below : walk_.take_wanted()) asks.push_back({std::move(below), {}});
    queue_.put_front(std::move(asks));
    found_bytes_ += memory_of(entries);
    std::ranges::move(entries, std::back_inserter(found_));
    if (ordered_ && found_bytes_ <= max_bytes_) co_return;
    ordered_ = false;
    co_await reader_.entries(std::exchange(found_, {}));
  }

  HamtWalk walk_;
  ShardQueue queue_;
  const std::size_t max_bytes_;
  const ContentSource::FolderReader& reader_;
  std::vector<DagPbLink> found_;
  std::size_t found_bytes_ = 0;
  bool ordered_ = true;
};

}  // namespace

ContentSource::ContentSource(Context context, Origin origin, Fetching fetching)
    : context_(context), origin_(std::move(origin)), fetching_(fetching) {}

Task<SharedBytes> ContentSource::block(Cid cid) {
  if (auto known = content::inline_block(cid)) co_return std::move(*known);
  std::optional<SharedBytes> held = co_await context_.store.get(cid.hash());
  if (held) co_return std::move(*held);
  if (fetching_ == Fetching::never) {
    throw Error(ErrorCode::not_found, "not on this node", cid.to_string(), "get it first");
  }
  // The first that is not here is mostly the top: whoever lacks that has nothing below it.
  const bool first = !session_;
  if (first) session_.emplace(context_, origin_.root.value_or(cid), origin_.providers);
  content::Session& session = **session_;
  Task<content::Block> fetching = first ? session.fetch_root(cid) : session.fetch(cid);
  content::Block fetched = co_await std::move(fetching);
  const auto look = [&] { return is_interior(cid, fetched.bytes.view()); };
  bool interior = false;
  if (fetched.bytes.size() <= kSmallNodeBytes) {
    interior = look();
  } else {
    interior = co_await offload(context_.system.offload, look);
  }
  if (interior) context_.store.put(cid.hash(), fetched.bytes.view());
  co_return std::move(fetched.bytes);
}

Task<UnixfsNode> ContentSource::describe(Cid cid, SharedBytes block) {
  if (block.size() <= kSmallNodeBytes) co_return describe_node(cid, block.view());
  const auto job = [&] { return describe_node(cid, block.view()); };
  UnixfsNode node = co_await offload(context_.system.offload, job);
  co_return node;
}

Task<FileNode> ContentSource::describe_part(FilePart part, SharedBytes block) {
  if (block.size() <= kSmallNodeBytes) co_return describe_file_part(part, block.view());
  const auto job = [&] { return describe_file_part(part, block.view()); };
  FileNode node = co_await offload(context_.system.offload, job);
  co_return node;
}

Task<void> ContentSource::read_folder(Cid folder, UnixfsNode node, SharedBytes block,
                                      std::size_t max_bytes, const FolderReader& reader) {
  if (auto* plain = std::get_if<DirectoryNode>(&node.kind)) {
    std::vector<DagPbLink> entries = std::move(plain->entries);
    reader.node(folder, block.size(), entries.size());
    block = {};
    std::ranges::sort(entries, {}, &DagPbLink::name);
    co_await reader.entries(std::move(entries));
    co_return;
  }
  ShardReader shards(*this, folder, max_bytes, reader);
  co_await shards.run(folder, std::move(block));
}

std::size_t memory_of(const std::vector<DagPbLink>& entries) {
  constexpr std::size_t kInlineName = 15;
  std::size_t out = entries.capacity() * sizeof(DagPbLink);
  for (const DagPbLink& entry : entries) {
    const std::size_t digest = entry.cid.hash().encoded().size();
    if (entry.name.size() > kInlineName) out += entry.name.size() + 16;
    if (digest > SmallBytes::kInlineBytes) out += digest + 16;
  }
  return out;
}

std::uint64_t ContentSource::raw_bytes(const DagPbLink& link) const {
  if (const auto known = content::inline_block(link.cid)) return known->size();
  if (const auto held = context_.store.size(link.cid.hash())) return *held;
  return std::min<std::uint64_t>(link.tsize, content::kMaxBlockBytes);
}

}  // namespace shoal::service
