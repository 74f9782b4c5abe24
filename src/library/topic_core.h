#pragma once

#include <shoal/topic.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "library/loop.h"
#include "library/uncaught.h"
#include "node/node.h"
#include "service/topics.h"
#include "system/event.h"

namespace shoal::library {

/// What a shoal::Topic stands for. The node ends it before itself. Used on the loop only, but for
/// what never changes.
class TopicCore {
 public:
  TopicCore(std::shared_ptr<Loop> loop, node::Node& node, UncaughtPtr uncaught, std::string name,
            TopicOptions options);

  Loop& loop() { return *loop_; }
  const std::shared_ptr<Loop>& shared_loop() const { return loop_; }
  const UncaughtPtr& uncaught() const { return uncaught_; }
  const std::string& name() const { return name_; }

  Task<std::optional<TopicMessage>> next();
  Task<void> publish(Bytes data);
  Task<void> met(std::size_t count);
  Task<std::size_t> confirm();
  /// Throws Error{closed} when its end has begun.
  service::Topic& live() const;
  Subscribers<const std::string&, bool>& peer_changed() { return peer_changed_; }

  /// Leaves the topic, when nobody waits for it any more.
  void end();
  bool ended() const { return topic_ == nullptr; }

 private:
  class Waiting;

  const std::shared_ptr<Loop> loop_;
  const UncaughtPtr uncaught_;
  const std::string name_;
  Subscribers<const std::string&, bool> peer_changed_;
  std::unique_ptr<service::Topic> topic_;
  Subscription watching_;
  std::size_t waiting_ = 0;
  bool ending_ = false;
};

}  // namespace shoal::library
