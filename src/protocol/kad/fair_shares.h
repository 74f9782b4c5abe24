#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "protocol/kad/ip_group.h"

namespace shoal::kad {

/// Who takes how much of a bounded store, by IP group and by owner within it, and so who is to lose
/// something when it is full. None is a group too. Owners are numbers of the store's choice.
class FairShares {
 public:
  using Group = std::optional<IpGroup>;

  /// Gives the owner so many units more (or fewer) in `group`.
  void add(const Group& group, std::uint64_t owner, std::size_t units);
  void subtract(const Group& group, std::uint64_t owner, std::size_t units);

  std::size_t total() const { return total_; }
  std::size_t of(const Group& group) const;
  /// The owner with the most units in the group with the most units; none when all is empty.
  std::optional<std::uint64_t> heaviest() const;
  std::optional<std::uint64_t> heaviest_of(const Group& group) const;

 private:
  using Owner = std::pair<Group, std::uint64_t>;
  struct Weight {  // in such an order that the heaviest of a group stands last of it
    Group group;
    std::size_t units;
    std::uint64_t owner;
    auto operator<=>(const Weight&) const = default;
  };
  void set(const Owner& owner, std::size_t before, std::size_t after);

  std::map<Owner, std::size_t> units_;
  std::map<Group, std::size_t> group_units_;
  std::set<Weight> weights_;
  std::set<std::pair<std::size_t, Group>> groups_;
  std::size_t total_ = 0;
};

}  // namespace shoal::kad
