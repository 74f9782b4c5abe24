#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/node.h"
#include "service/get.h"
#include "service/share.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::lab {

/// A tree of files to be moved about, the same for the same seed.
struct SampleFile {
  std::string path;
  Bytes content;
};
std::vector<SampleFile> sample_tree(std::uint64_t seed, std::size_t small_files,
                                    std::size_t large_bytes);

/// Whether the host's disk holds exactly that tree below `root`; the first difference in a
/// sentence.
std::string difference(sim::Host& host, const std::string& root,
                       const std::vector<SampleFile>& tree);

bool is_there(sim::Host& host, const std::string& path);

/// The most content that one block of a tree holds.
constexpr std::size_t kLeafBytes = 1 << 20;
/// Bytes below `root` that are as they should be, leaf by leaf.
std::uint64_t right_bytes(sim::Host& host, const std::string& root,
                          const std::vector<SampleFile>& tree);

/// What a user at a simulated machine does: has a node, shares a folder or gets a link, and tries
/// again when it did not work, also after the machine went down and came back.
class SimulatedUser {
 public:
  SimulatedUser(sim::World& world, sim::Host& host, std::uint16_t port);
  ~SimulatedUser();
  SimulatedUser(const SimulatedUser&) = delete;
  SimulatedUser& operator=(const SimulatedUser&) = delete;

  void share(std::string path);
  void get(std::string link, std::string folder);

  /// The machine loses power, and comes back after `pause`; its user goes on with what was under
  /// way.
  void crash_and_return(Duration pause);

  sim::Host& host() { return host_; }
  /// Of what is shared, or of what is being got as soon as it can be got from here.
  const std::string& link() const { return link_; }
  /// What the download under way says that it has; 0 without one.
  std::uint64_t bytes_claimed() const;
  const std::vector<content::BadPeer>& accused() const { return accused_; }
  bool done() const { return result_.has_value(); }
  const std::optional<service::GetResult>& result() const { return result_; }
  const std::string& last_error() const { return last_error_; }
  /// Over all lives.
  std::uint64_t bytes_fetched() const { return bytes_fetched_; }
  unsigned crashes() const { return crashes_; }
  /// Null while there is none.
  node::Node* node() const { return host_.up() ? node_ : nullptr; }

  /// Ends the node and all that its user does.
  void stop();

 private:
  enum class Job { none, share, get };

  void start_life();
  Task<void> live(System& system);
  Task<void> work(node::Node& node);
  Task<void> get_once(node::Node& node);
  Task<void> come_back(Duration pause);

  sim::World& world_;
  sim::Host& host_;
  const std::uint16_t port_;
  Job job_ = Job::none;
  std::string what_;
  std::string folder_;
  std::string link_;
  std::string last_error_;
  std::optional<service::GetResult> result_;
  node::Node* node_ = nullptr;
  service::Get* under_way_ = nullptr;
  std::vector<content::BadPeer> accused_;
  std::uint64_t bytes_fetched_ = 0;
  unsigned crashes_ = 0;
  bool stopped_ = false;  // trouble that was planned for later no longer counts
  std::unique_ptr<TaskGroup> life_;
  TaskGroup fate_;
};

}  // namespace shoal::lab
