#pragma once

#include <memory>

#include "cli/options.h"
#include "cli/output.h"
#include "net/security/pnet/network_key.h"
#include "node/node.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::cli {

class Command;

/// What a command works with: a world, a node when it asks for one, and an output.
class Session {
 public:
  Session(System& system, const CommonOptions& options, Output& output)
      : system_(system), options_(options), output_(output) {}

  System& system() { return system_; }
  const CommonOptions& options() const { return options_; }
  Output& output() { return output_; }
  TimePoint now() const { return system_.clock.now(); }

  /// The node's home, which may not exist yet. Throws Error{usage} when nothing names one,
  /// Error{io} when it is no folder.
  std::string home() const;

  /// This command runs long enough to be of use to others. To be said before the node is made.
  void serve_dht() { serves_dht_ = true; }

  /// Made at the first call, from then on listening and connecting. Throws as Node does.
  node::Node& start_node();
  /// Made, but not listening.
  node::Node& open_node();

  /// From now on a signal is how this command is meant to end: exit code 0.
  void expect_signal() { signal_expected_ = true; }
  bool signal_expected() const { return signal_expected_; }

  /// Ends the node, if there is one, and commits its state.
  Task<void> stop();
  /// The same in no time: for the last moment before the process goes.
  void commit() noexcept;

 private:
  pnet::NetworkKey read_network_key() const;
  Task<void> follow_limits();

  System& system_;
  const CommonOptions& options_;
  Output& output_;
  std::unique_ptr<node::Node> node_;
  std::unique_ptr<TaskGroup> tasks_;
  bool listening_ = false;
  bool serves_dht_ = false;
  bool signal_expected_ = false;
};

/// Runs a command to its end, or to the first SIGINT or SIGTERM, and returns its exit code; an
/// error has then been told. After a signal it takes at most 2 s.
int run_command(Command& command, const CommonOptions& options);

}  // namespace shoal::cli
