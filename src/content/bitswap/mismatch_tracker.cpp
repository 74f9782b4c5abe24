#include "content/bitswap/mismatch_tracker.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace shoal::content::bitswap {

MismatchTracker::MismatchTracker(std::vector<Cid> owed, const CidPrefix& prefix)
    : suspects_(std::move(owed)) {
  SHOAL_CHECK(!suspects_.empty());
  const auto is_other = [&](const Cid& cid) { return CidPrefix::of(cid) != prefix; };
  if (!std::ranges::all_of(suspects_, is_other)) std::erase_if(suspects_, is_other);
}

void MismatchTracker::right(const Multihash& hash) {
  std::erase_if(suspects_, [&](const Cid& cid) { return cid.hash() == hash; });
}

bool MismatchTracker::suspects(const Multihash& hash) const {
  return std::ranges::any_of(suspects_, [&](const Cid& cid) { return cid.hash() == hash; });
}

}  // namespace shoal::content::bitswap
