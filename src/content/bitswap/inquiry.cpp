#include "content/bitswap/inquiry.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace shoal::content::bitswap {

Inquiry::Inquiry(std::vector<Cid> owed, const CidPrefix& prefix) : suspects_(std::move(owed)) {
  SHOAL_CHECK(!suspects_.empty());
  const auto is_other = [&](const Cid& cid) { return CidPrefix::of(cid) != prefix; };
  if (!std::ranges::all_of(suspects_, is_other)) std::erase_if(suspects_, is_other);
}

void Inquiry::right(const Multihash& hash) {
  std::erase_if(suspects_, [&](const Cid& cid) { return cid.hash() == hash; });
}

bool Inquiry::suspects(const Multihash& hash) const {
  return std::ranges::any_of(suspects_, [&](const Cid& cid) { return cid.hash() == hash; });
}

}  // namespace shoal::content::bitswap
