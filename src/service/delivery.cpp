#include "service/delivery.h"

#include <utility>

#include "base/error.h"
#include "content/local_block.h"
#include "format/dag_pb.h"

namespace shoal::service {

Task<void> TreeBlocks::read(content::BlockStore& store, Cid root) {
  std::vector<Cid> unread;
  std::uint64_t bytes = 0;
  bool fits = add(root, unread);
  while (fits && !unread.empty()) {
    const Cid cid = std::move(unread.back());
    unread.pop_back();
    const auto block = co_await store.get(cid.hash());
    if (!block) co_return;
    bytes += block->size();
    fits = bytes <= kMaxReadBytes;
    try {
      for (const auto& link : decode_dag_pb(block->view()).links) {
        fits = fits && add(link.cid, unread);
      }
    } catch (const Error&) {
      co_return;  // what is below such a node is not known
    }
  }
  known_ = fits;
}

/// What its CID tells nobody asks for.
bool TreeBlocks::add(const Cid& cid, std::vector<Cid>& unread) {
  if (content::inline_block(cid)) return true;
  const auto number = static_cast<std::uint32_t>(numbers_.size());
  if (!numbers_.try_emplace(served_.key_of(cid.hash()), number).second) return true;
  if (cid.is(Codec::dag_pb)) unread.push_back(cid);
  return numbers_.size() <= kMaxBlocks;
}

bool Delivery::sent(const TreeBlocks& tree, const Multihash& hash) {
  const auto found = tree.numbers_.find(tree.served_.key_of(hash));
  if (!tree.known() || found == tree.numbers_.end()) return false;
  sent_.resize(tree.size());
  if (sent_[found->second]) return false;
  sent_[found->second] = true;
  return ++count_ == tree.size();
}

}  // namespace shoal::service
