#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cli/session.h"
#include "lab/distribute_experiment.h"
#include "system/os/child_process.h"

namespace shoal::cli {

/// `shoal lab distribute` with real processes: this program, started once for each node, on
/// loopback, with limited uploads. They are ended with it.
class LabProcesses {
 public:
  static constexpr std::size_t kUsualNodes = 8;
  static constexpr std::size_t kMinNodes = 2;
  static constexpr std::size_t kMaxNodes = 32;
  static constexpr std::uint64_t kUsualFile = 32 * 1024 * 1024;
  static constexpr std::uint64_t kUsualRate = 8'000'000;
  /// What one process takes of memory, beside the file.
  static constexpr std::uint64_t kProcessBytes = 40'000'000;

  /// `folder` holds their files meanwhile, and is removed.
  LabProcesses(Session& session, lab::ExperimentOptions options, std::string folder);
  ~LabProcesses();

  /// Throws Error{failed} when a process does not do its part.
  Task<lab::Report> run();

 private:
  struct Receiver;

  Task<std::string> share(const std::string& name);
  Task<lab::Distributed> by_server();
  Task<lab::Distributed> by_swarm();
  os::ChildProcess& start(const std::string& name, std::vector<std::string> words);
  void stop_all();
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string read(const std::string& name) const;
  double since(TimePoint began) const;

  Session& session_;
  Storage& storage_;
  const lab::ExperimentOptions options_;
  const std::string folder_;
  const std::string program_;
  Bytes content_;
  std::vector<std::unique_ptr<os::ChildProcess>> processes_;
};

}  // namespace shoal::cli
