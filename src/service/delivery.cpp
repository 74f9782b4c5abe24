#include "service/delivery.h"

namespace shoal::service {

bool Delivery::sent(const content::ServedBlocks::Scope& tree, const Multihash& hash) {
  const auto number = tree.number_of(hash);
  if (!number || tree.size() > kMaxBlocks) return false;
  sent_.resize(tree.size());
  if (sent_[*number]) return false;
  sent_[*number] = true;
  return ++count_ == tree.size();
}

}  // namespace shoal::service
