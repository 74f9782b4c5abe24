#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "content/repeat_budget.h"
#include "content/store/block_store.h"
#include "content/transfer/differences.h"
#include "net/swarm/swarm.h"
#include "service/context.h"
#include "service/link.h"
#include "system/system.h"

namespace shoal::service {

struct GetOptions {
  Link link;
  /// `-o`: into it when it is a folder, else as it; empty: the link's name in the working
  /// directory.
  std::string output;
  bool replace = false;
  /// Give up after so long without progress; none: never.
  std::optional<Duration> timeout;
  content::TreeLimits limits = {};
};

/// What a download waits for when nothing moves.
enum class Waiting { nothing, peers, connection, blocks };

struct GetStatus {
  std::uint64_t bytes_done = 0;  // of file content, on the disk
  /// Of blocks that are on their way, what has come of them.
  std::uint64_t bytes_arriving = 0;
  /// From peers, whole blocks and parts of them: what a rate is of.
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_total = 0;  // as far as known; exact in the end
  std::size_t peers = 0;
  Waiting waiting = Waiting::nothing;
  std::string detail;          // a sentence about the wait
  std::string_view busy = {};  // with this, waiting for nobody; empty else
  /// Of the whole; none before all of it is here.
  std::optional<std::uint64_t> files;
  std::optional<std::uint64_t> blocks;
};

struct SourceResult {
  PeerId peer;
  std::optional<Multiaddr> address;
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
};

struct GetResult {
  std::string path;
  Cid cid;  // of what was fetched: the link's, or what its path leads to
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  Duration duration{};
  std::uint64_t blocks = 0;
  std::uint64_t blocks_resumed = 0;
  std::uint64_t blocks_fetched = 0;
  std::uint64_t blocks_duplicate = 0;
  std::uint64_t bytes_hashed = 0;
  std::vector<SourceResult> sources;
};

/// What became of a target that was replaced.
struct ReplacedTarget {
  std::string path;
  content::LostFiles lost;  // that the link does not have
  std::string left;    // where the rest of it is that could not be deleted; empty when it is gone
  std::string reason;  // why it could not
};

/// Brings what a link names into the file system.
class Get {
 public:
  /// Borrows all for its life.
  Get(Context context, GetOptions options);
  ~Get();

  /// Resolves the path of the link, finds the target's name, fetches, verifies, puts it in place,
  /// and tells its sources. Cancellable at any time; run again it goes on where it was. Throws
  /// Error{not_found}, {unreachable}, {corrupt}, {io}, {exists}, {locked}, {timeout}.
  Task<GetResult> run();

  GetStatus status() const;
  /// What peers gave so far, also when run() failed.
  const content::SessionCounts& fetched() const;
  /// What the content is called here, as soon as it is known.
  std::string name() const;
  /// Called once, when the root is held and others can get from this node.
  void when_serving(std::function<void(const Cid& root)> callback);
  /// Called before something else at the target is replaced.
  void when_replacing(
      std::function<void(const std::string& path, const content::LostFiles&)> callback);
  /// After run(), also when it failed.
  std::optional<ReplacedTarget> replaced() const;
  /// What could not be placed: run() ends with Error{io} then. Null before there is anything to
  /// say.
  const content::NotPlacedList* not_placed() const;
  /// How many modes and times could not be set, and why the first could not; empty when all are.
  std::string metadata_trouble() const;
  void when_bad_peer(std::function<void(const content::BadPeer&)> callback);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal::service
