#include "protocol/kad/fair_shares.h"

#include <limits>

#include "base/error.h"

namespace shoal::kad {
namespace {

template <class Units, class Name>
std::size_t units_of(const Units& units, const Name& name) {
  const auto found = units.find(name);
  return found == units.end() ? 0 : found->second;
}

template <class Units, class Name>
void set_units(Units& units, const Name& name, std::size_t value) {
  if (value == 0) {
    units.erase(name);
  } else {
    units[name] = value;
  }
}

}  // namespace

void FairShares::set(const Owner& owner, std::size_t before, std::size_t after) {
  const Group& group = owner.first;
  weights_.erase({group, before, owner.second});
  if (after > 0) weights_.insert({group, after, owner.second});
  set_units(units_, owner, after);

  const std::size_t group_before = of(group);
  const std::size_t group_after = group_before - before + after;
  groups_.erase({group_before, group});
  if (group_after > 0) groups_.insert({group_after, group});
  set_units(group_units_, group, group_after);
  total_ = total_ - before + after;
}

void FairShares::add(const Group& group, std::uint64_t owner, std::size_t units) {
  const std::size_t before = units_of(units_, Owner{group, owner});
  set({group, owner}, before, before + units);
}

void FairShares::subtract(const Group& group, std::uint64_t owner, std::size_t units) {
  const std::size_t before = units_of(units_, Owner{group, owner});
  SHOAL_CHECK(units <= before);
  set({group, owner}, before, before - units);
}

std::size_t FairShares::of(const Group& group) const {
  return units_of(group_units_, group);
}

std::optional<std::uint64_t> FairShares::heaviest() const {
  if (groups_.empty()) return std::nullopt;
  return heaviest_of(groups_.rbegin()->second);
}

std::optional<std::uint64_t> FairShares::heaviest_of(const Group& group) const {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  const auto behind = weights_.upper_bound({group, kMost, kMost});
  if (behind == weights_.begin()) return std::nullopt;
  const Weight& last = *std::prev(behind);
  if (last.group != group) return std::nullopt;
  return last.owner;
}

}  // namespace shoal::kad
