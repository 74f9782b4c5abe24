#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <shoal/async.h>

namespace shoal {

namespace library {
struct ShareCore;
}

struct ShareProgress {
  std::string path;               // of a file that is being read
  std::uint64_t bytes_done = 0;   // of file content
  std::uint64_t bytes_total = 0;  // 0 until the sizes are known
};

struct ShareOptions {
  /// In the link. Empty: the last part of the only path.
  std::string name = {};
  /// As the lines of a .shoalignore in each of the paths.
  std::vector<std::string> exclude = {};
  /// Also what begins with '.'.
  bool hidden = false;
  /// Permission bits and times of change go into the content, and change its CID.
  bool preserve = false;
  /// Called on the node's loop while files are read, every 200 ms; must not wait. What it throws
  /// ends the sharing.
  std::function<void(const ShareProgress&)> progress = {};
};

/// Content that Node::share serves from where it lies, and how often others got it.
///
/// Only a handle: dropping it changes nothing, copies name the same. What changes is asked for from
/// any thread and throws Error{closed} after the node stopped.
class Share {
 public:
  explicit Share(std::shared_ptr<library::ShareCore> core) : core_(std::move(core)) {}

  /// What others get it by: names the CID and this node's addresses at the time of the call.
  std::string link() const;
  const std::string& cid() const;
  std::uint64_t bytes() const;  // of all files
  std::uint64_t files() const;
  /// What was left out, for it is no file, folder or symlink, or the node's home: a sentence each.
  const std::vector<std::string>& warnings() const;

  std::uint64_t complete_downloads() const;
  std::uint64_t bytes_sent() const;
  /// Returns when so many peers have all of it.
  Async<void> downloaded(std::uint64_t times = 1);

  /// Ends the counting. The node goes on serving blocks of files that it knows and that did not
  /// change. Again: does nothing.
  Async<void> stop();

 private:
  std::shared_ptr<library::ShareCore> core_;
};

}  // namespace shoal
