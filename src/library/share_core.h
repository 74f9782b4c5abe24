#pragma once

#include <shoal/share.h>

#include <memory>
#include <string>
#include <vector>

#include "library/loop.h"
#include "node/node.h"
#include "service/share.h"
#include "system/event.h"

namespace shoal::library {

/// What a shoal::Share stands for. The node ends it before itself.
struct ShareCore {
  ShareCore(std::shared_ptr<Loop> its_loop, node::Node& its_node);

  Task<void> index(std::vector<std::string> paths, ShareOptions options);
  Task<void> wait_for_downloads(std::uint64_t times);
  Task<void> end();
  bool ended() const { return share == nullptr; }
  /// Throws Error{closed} when it has ended.
  service::Share& live() const;

  const std::shared_ptr<Loop> loop;
  node::Node& node;  // while it has not ended
  std::string cid;
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::vector<std::string> warnings;

 private:
  std::unique_ptr<service::Share> share;
  Event sent;
};

}  // namespace shoal::library
