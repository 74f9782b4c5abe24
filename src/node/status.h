#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "format/peer_id.h"
#include "node/running.h"
#include "system/system.h"

namespace shoal::node {

/// A file, or a folder with files, whose blocks the index remembers.
struct KnownPlace {
  std::string path;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;   // of these files, when their blocks were verified
  std::uint64_t blocks = 0;  // in these files
  std::uint64_t changed =
      0;                   // files that look different now: verified again before they are served
  std::uint64_t gone = 0;  // files that are not there any more
};

/// A node that runs in a home.
struct RunningNode {
  LockHolder holder;
  std::optional<Running> running;  // none: it has not told yet
};

/// What a home remembers, who runs there, and what they serve.
struct Status {
  std::string home;                  // absolute
  std::optional<PeerId> peer;        // none: no identity has been made here yet
  std::vector<RunningNode> nodes;    // the first one first
  std::uint64_t disk_bytes = 0;      // of everything in the home
  std::uint64_t index_bytes = 0;     // of these, the index
  std::uint64_t nodes_in_index = 0;  // blocks kept in the index itself
  std::uint64_t node_bytes = 0;
  std::vector<KnownPlace> places;  // in order of their paths
};

/// The process that uses the home, an absolute path; none when none does.
std::optional<LockHolder> holder_of(Storage& storage, const std::string& home);

/// The nodes that run in a home, an absolute path, the first one first.
std::vector<RunningNode> running_nodes(Storage& storage, const std::string& home);

/// Looks at a home, which another process may hold, and changes and makes nothing. Throws Error{io}
/// when something in it cannot be read or is damaged.
Task<Status> look_at_home(System& system, std::string home);

}  // namespace shoal::node
