#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <shoal/async.h>
#include <shoal/subscription.h>

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

/// What a peer was sent of a share since this was told last.
struct SentToPeer {
  std::string peer_id;
  std::uint64_t bytes = 0;
  bool complete = false;  // it has all of it now; else it has disconnected
};

/// Content that Node::share serves from where it lies, and how often others got it. A node may have
/// any number of them; what several contain counts for each.
///
/// Only a handle: dropping it changes nothing, copies name the same. What changes is asked for from
/// any thread and throws Error{closed} once this share or the node was stopped.
class Share {
 public:
  explicit Share(std::shared_ptr<library::ShareCore> core) : core_(std::move(core)) {}

  /// What others get it by: names the CID and this node's addresses at the time of the call.
  std::string link() const;
  const std::string& cid() const;
  std::uint64_t bytes() const;  // of all files
  std::uint64_t files() const;
  /// What was left out, for it is no file, folder or symlink, went or changed meanwhile, or is the
  /// node's home: a sentence each.
  const std::vector<std::string>& warnings() const;

  /// Downloads of all of it: a peer that gets it again counts again.
  std::uint64_t complete_downloads() const;
  /// Of its blocks, those that peers have been sent wholly.
  std::uint64_t bytes_sent() const;
  /// Returns when so many peers have all of it.
  Async<void> downloaded(std::uint64_t times = 1);

  /// Calls back when a peer has all of it, and when one that was sent a part disconnects; on the
  /// node's loop, so it must not wait. What it throws goes to NodeOptions::on_error.
  Subscription on_sent(std::function<void(const SentToPeer&)> callback);
  /// The same, once for each file that a peer asked for and that cannot be sent as it was shared:
  /// it was changed, has gone, or cannot be read. Share anew for a new link.
  Subscription on_missing(std::function<void(const std::string& path)> callback);

  /// Ends this share: peers get no answer any more for its blocks, but those of other shares and
  /// downloads that go on; counts, callbacks and downloaded() end too. Again: does nothing.
  Async<void> stop();

 private:
  std::shared_ptr<library::ShareCore> core_;
};

}  // namespace shoal
