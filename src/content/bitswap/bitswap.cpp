#include "content/bitswap/bitswap.h"

#include "content/bitswap/node.h"

namespace shoal::content {

namespace {

class StoreReader final : public bitswap::BlockReader {
 public:
  explicit StoreReader(BlockStore& store) : store_(store) {}
  bool has(const Multihash& hash) override { return store_.has(hash); }
  std::optional<std::uint64_t> size(const Multihash& hash) override { return store_.size(hash); }
  Task<std::optional<SharedBytes>> get(Multihash hash) override {
    return store_.get(std::move(hash));
  }

 private:
  BlockStore& store_;
};

}  // namespace

std::unique_ptr<Bitswap> Bitswap::make(System& system, net::Swarm& swarm, BlockStore& store) {
  return bitswap::make_node(system, swarm, std::make_unique<StoreReader>(store), {});
}

}  // namespace shoal::content
