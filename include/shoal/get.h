#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <shoal/compiler.h>

namespace shoal {

/// Why nothing moves.
enum class WaitingFor { nothing, peers, connection, blocks };

struct GetProgress {
  std::string name;               // of the target; empty until it is known
  std::uint64_t bytes_done = 0;   // of file content, verified and written
  std::uint64_t bytes_total = 0;  // as far as known: may grow while a tree is explored
  std::uint64_t rate = 0;         // bytes a second that peers sent, over the last three
  std::size_t peers = 0;          // connected, that may be asked
  WaitingFor waiting_for = WaitingFor::nothing;
  std::string detail;  // of the wait, in a sentence
};

struct GetOptions {
  /// Into it when it is a folder, else as it. Empty: the link's name in the working directory.
  std::string output = {};
  /// An existing target that differs is replaced, not refused.
  bool replace = false;
  /// Give up after so long without progress. None: never.
  std::optional<std::chrono::nanoseconds> timeout = {};
  /// Who may have it, besides those in the link and in NodeOptions::connect: multiaddrs that end in
  /// /p2p/ID.
  std::vector<std::string> providers = {};
  /// Called on the node's loop every 200 ms, and at the end when all is there; must not wait. What
  /// it throws ends the download.
  std::function<void(const GetProgress&)> progress = {};
};

struct GetSource {
  std::string peer_id;
  std::string address;  // without /p2p; empty when it is not known any more
  std::uint64_t bytes = 0;
  std::uint64_t blocks = 0;
};

struct GetResult {
  std::string path;  // where it is
  std::string cid;
  std::uint64_t bytes = 0;  // of all files
  std::uint64_t files = 0;
  std::chrono::nanoseconds duration{};
  std::uint64_t blocks = 0;
  std::uint64_t blocks_resumed = 0;    // were there already, and right
  std::uint64_t blocks_fetched = 0;    // from peers
  std::uint64_t blocks_duplicate = 0;  // came twice
  std::vector<GetSource> sources;
};

}  // namespace shoal
