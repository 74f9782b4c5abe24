#include "content/bitswap/bitswap.h"

#include "content/bitswap/node.h"
#include "content/local_block.h"

namespace shoal::content {

namespace {

/// What the store holds and the node serves.
class StoreReader final : public bitswap::BlockReader {
 public:
  StoreReader(BlockStore& store, const ServedBlocks& served) : store_(store), served_(served) {}

  std::optional<std::uint64_t> size(const Multihash& hash) override {
    if (!served_.contains(hash)) return std::nullopt;
    const auto stored = store_.size(hash);
    return !stored && is_empty_block(hash) ? 0 : stored;
  }

  /// A share may have stopped since they were asked for.
  Task<std::vector<std::optional<SharedBytes>>> get(std::vector<Multihash> hashes) override {
    std::vector<Multihash> served;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (!served_.contains(hashes[i])) continue;
      places.push_back(i);
      served.push_back(std::move(hashes[i]));
    }
    std::vector<std::optional<SharedBytes>> out(hashes.size());
    auto found = co_await store_.get_all(served);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!found[i] && is_empty_block(served[i])) found[i].emplace();
      out[places[i]] = std::move(found[i]);
    }
    co_return out;
  }

 private:
  BlockStore& store_;
  const ServedBlocks& served_;
};

}  // namespace

std::unique_ptr<Bitswap> Bitswap::make(System& system, net::Swarm& swarm, BlockStore& store) {
  auto served = std::make_unique<ServedBlocks>(system.random);
  auto reader = std::make_unique<StoreReader>(store, *served);
  return bitswap::make_node(system, swarm, std::move(reader), std::move(served), {});
}

}  // namespace shoal::content
