#include "service/content_source.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/error.h"
#include "content/local_block.h"
#include "format/hamt_walk.h"
#include "service/block_queue.h"

namespace shoal::service {

namespace {

constexpr std::size_t kShardsAhead = 16;

using ShardQueue = BlockQueue<std::monostate>;

bool is_interior(const Cid& cid, ByteView block) {
  return cid.is(Codec::dag_pb) && !decode_dag_pb(block).links.empty();
}

struct ShardReader {
  HamtWalk walk;
  ShardQueue queue;
  std::function<void(const Cid&)> shard;
  std::vector<DagPbLink> found{};

  void accept(const Cid& cid, ByteView block) {
    std::vector<DagPbLink> entries = walk.accept(cid, block);
    std::ranges::move(entries, std::back_inserter(found));
    std::vector<ShardQueue::Ask> asks;
    for (Cid& below : walk.take_wanted()) {
      shard(below);
      asks.push_back({std::move(below), {}});
    }
    queue.put_front(std::move(asks));
  }

  Task<void> read_all() {
    while (!queue.empty()) {
      const ShardQueue::Got got = co_await queue.take();
      accept(got.cid, got.block.view());
    }
  }
};

}  // namespace

ContentSource::ContentSource(System& system, net::Swarm& swarm, content::BlockStore& store,
                             content::Bitswap& bitswap, std::vector<Multiaddr> providers)
    : system_(system),
      swarm_(swarm),
      store_(store),
      bitswap_(bitswap),
      providers_(std::move(providers)) {}

Task<SharedBytes> ContentSource::block(Cid cid) {
  if (auto known = content::inline_block(cid)) co_return std::move(*known);
  std::optional<SharedBytes> held = co_await store_.get(cid.hash());
  if (held) co_return std::move(*held);
  // The first that is not here is mostly the top: whoever lacks that has nothing below it.
  const bool first = !session_;
  if (first) session_.emplace(swarm_, bitswap_, providers_);
  content::Session& session = **session_;
  Task<content::Block> fetching = first ? session.fetch_root(cid) : session.fetch(cid);
  content::Block fetched = co_await std::move(fetching);
  if (is_interior(cid, fetched.bytes.view())) store_.put(cid.hash(), fetched.bytes.view());
  co_return std::move(fetched.bytes);
}

Task<std::vector<DagPbLink>> ContentSource::entries(Cid folder, UnixfsNode node, SharedBytes block,
                                                    std::function<void(const Cid&)> shard) {
  std::vector<DagPbLink> out;
  if (auto* plain = std::get_if<DirectoryNode>(&node.kind)) {
    out = std::move(plain->entries);
  } else {
    ShardReader reader{
        .walk = HamtWalk(folder),
        .queue = ShardQueue(
            system_.waits, [this](Cid cid) { return this->block(std::move(cid)); }, kShardsAhead),
        .shard = std::move(shard)};
    reader.walk.take_wanted();  // the root, which is here
    reader.accept(folder, block.view());
    co_await run_and_stop(reader.queue, reader.read_all());
    out = std::move(reader.found);
  }
  std::ranges::sort(out, {}, &DagPbLink::name);
  co_return out;
}

std::uint64_t ContentSource::raw_bytes(const DagPbLink& link) const {
  if (const auto known = content::inline_block(link.cid)) return known->size();
  if (const auto held = store_.size(link.cid.hash())) return *held;
  return std::min<std::uint64_t>(link.tsize, content::kMaxBlockBytes);
}

}  // namespace shoal::service
