#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <shoal/async.h>

namespace shoal {

/// Where Node::ls, cat, stat and get_block find what this node does not have.
struct LookOptions {
  /// Who may have it, besides those in the link and in NodeOptions::connect: multiaddrs that end in
  /// /p2p/ID.
  std::vector<std::string> providers = {};
  /// Give up after so long without progress. None: never.
  std::optional<std::chrono::nanoseconds> timeout = {};
};

/// `unknown`: of a codec or a hash function that cannot be read here, or no UnixFS.
enum class EntryKind { file, folder, symlink, unknown };

/// What a folder contains.
struct Entry {
  std::string path;  // below what was listed, its parts joined by '/'; empty for a file itself
  EntryKind kind = EntryKind::file;
  /// Of a file's content; of a folder, or what is unknown, the sum of its blocks as its parent
  /// says; of a symlink, its target.
  std::uint64_t bytes = 0;
  std::string cid;
  std::string target;  // of a symlink
  /// Permission bits and time of change, where the content has them.
  std::optional<std::uint32_t> mode;
  std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> modified;
};

/// Takes an entry, is awaited before the next, and may throw to end the listing.
using EntrySink = std::function<Async<void>(Entry)>;
/// Takes a piece of a file, which lives until the coroutine ends, is awaited before the next, and
/// may throw to end the reading.
using PieceSink = std::function<Async<void>(std::span<const std::byte>)>;

struct LsOptions {
  /// Also what is in the folders below.
  bool recursive = false;
  LookOptions look = {};
};

struct CatOptions {
  /// In bytes; beyond the end there is nothing.
  std::uint64_t offset = 0;
  /// None: to the end.
  std::optional<std::uint64_t> length = {};
  LookOptions look = {};
};

/// A peer that says it has some content.
struct Provider {
  std::string peer_id;
  std::vector<std::string> addresses;  // as far as known, without /p2p
  std::string source;                  // "connected", "lan", "dht": where the answer came from
};

struct ContentStat {
  EntryKind kind = EntryKind::file;
  std::string cid;           // of what the link leads to
  std::uint64_t bytes = 0;   // of all files in it; of a symlink, of its target
  std::uint64_t blocks = 0;  // different ones
  std::uint64_t files = 0;   // symlinks are none
  std::uint64_t folders = 0;
  std::uint64_t blocks_held = 0;  // of `blocks`, on this machine
};

}  // namespace shoal
