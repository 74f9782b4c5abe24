#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "lab/lab_node.h"

namespace shoal::lab {

/// What somebody does on a whole node who takes a file and gives nothing: every block is asked for
/// as a download asks, counted and thrown away, so nobody is ever served one.
class FreeRider {
 public:
  /// `pretends`: joins those who exchange blocks, as if it would.
  FreeRider(LabNode& node, bool pretends) : node_(node), pretends_(pretends) {}

  /// The root of a file and all blocks below it; for files of one level of links.
  Task<void> take(Cid root, std::vector<Multiaddr> providers);

  std::uint64_t bytes() const { return bytes_; }
  const std::optional<TimePoint>& done_at() const { return done_at_; }

 private:
  Task<void> take_one(content::Session& session, Cid cid);

  LabNode& node_;
  const bool pretends_;
  std::uint64_t bytes_ = 0;
  std::optional<TimePoint> done_at_;
};

}  // namespace shoal::lab
