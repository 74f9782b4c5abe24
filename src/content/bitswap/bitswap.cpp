#include "content/bitswap/bitswap.h"

#include "content/bitswap/node.h"

namespace shoal::content {

namespace {

class StoreReader final : public bitswap::BlockReader {
 public:
  explicit StoreReader(BlockStore& store) : store_(store) {}
  std::optional<std::uint64_t> size(const Multihash& hash) override { return store_.size(hash); }
  Task<std::vector<std::optional<SharedBytes>>> get(std::vector<Multihash> hashes) override {
    return store_.get_all(std::move(hashes));
  }

 private:
  BlockStore& store_;
};

}  // namespace

std::unique_ptr<Bitswap> Bitswap::make(System& system, net::Swarm& swarm, BlockStore& store) {
  return bitswap::make_node(system, swarm, std::make_unique<StoreReader>(store), {});
}

}  // namespace shoal::content
