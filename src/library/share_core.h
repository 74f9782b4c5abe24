#pragma once

#include <shoal/share.h>

#include <memory>
#include <string>
#include <vector>

#include "base/subscription.h"
#include "library/loop.h"
#include "library/uncaught.h"
#include "node/node.h"
#include "service/share.h"
#include "system/event.h"

namespace shoal::library {

/// What a shoal::Share stands for. The node ends it before itself.
struct ShareCore {
  ShareCore(std::shared_ptr<Loop> its_loop, node::Node& its_node, UncaughtPtr its_uncaught);

  Task<void> index(std::vector<std::string> paths, ShareOptions options);
  /// Of what the node holds all of.
  Task<void> adopt(Cid root);
  Task<void> wait_for_downloads(std::uint64_t times);
  /// Returns when it has ended, whoever began that.
  Task<void> end();
  bool ended() const { return share == nullptr; }
  /// Throws Error{closed} when its end has begun.
  service::Share& live() const;

  const std::shared_ptr<Loop> loop;
  const UncaughtPtr uncaught;
  node::Node& node;  // while it has not ended
  std::string cid;
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::vector<std::string> warnings;

  Subscribers<const SentToPeer&> sent_to_peer;
  Subscribers<const std::string&> missing;

 private:
  void tell_sent(const service::SentToPeer& sent);

  std::unique_ptr<service::Share> share;
  bool ending = false;
  Event changed;
};

}  // namespace shoal::library
