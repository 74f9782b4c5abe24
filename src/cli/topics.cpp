#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/display_text.h"
#include "cli/commands.h"
#include "node/status.h"

namespace shoal::cli {

namespace {

/// Lists the topics of the nodes of the home, and those that their peers are in.
class TopicsCommand final : public Command {
 public:
  Task<void> run(Session& session) override {
    auto& system = session.system();
    const std::string home = system.storage.absolute(session.home());
    const auto nodes = node::running_nodes(system.storage, home);
    std::map<std::string, node::Running::Topic> topics;
    for (const auto& node : nodes) {
      if (!node.running) continue;
      for (const auto& topic : node.running->topics) {
        node::Running::Topic& known = topics[topic.name];
        known.name = topic.name;
        known.joined = known.joined || topic.joined;
        known.peers = std::max(known.peers, topic.peers);
      }
    }
    if (!topics.empty()) session.output().result("PEERS   JOINED  TOPIC");
    for (const auto& [name, topic] : topics) tell(session.output(), topic);
    if (nodes.empty()) {
      session.output().note("no node of this home is running; sub and chat start one");
    } else {
      session.output().note(fmt::format("{} topics", topics.size()));
    }
    co_return;
  }

 private:
  static void tell(Output& output, const node::Running::Topic& topic) {
    output.event({{"event", "topic"},
                  {"topic", topic.name},
                  {"peers", topic.peers},
                  {"joined", topic.joined}});
    output.result(fmt::format("{:<7} {:<7} {}", topic.peers, topic.joined ? "yes" : "no",
                              for_terminal(topic.name)));
  }
};

}  // namespace

std::unique_ptr<Command> make_topics() {
  return std::make_unique<TopicsCommand>();
}

}  // namespace shoal::cli
