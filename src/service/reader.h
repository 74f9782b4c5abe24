#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "content/repeat_budget.h"
#include "content/store/block_store.h"
#include "format/unixfs.h"
#include "net/swarm/swarm.h"
#include "service/content_source.h"
#include "service/link.h"
#include "system/system.h"

namespace shoal::service {

/// `unknown`: of a codec or a hash function that cannot be read here, or no UnixFS.
enum class EntryKind { file, folder, symlink, unknown };

struct Listed {
  std::string path;  // below what was asked for
  EntryKind kind = EntryKind::file;
  /// Of a file's content; of a folder, or what is unknown, the sum of its blocks as its parent
  /// says; of a symlink its target.
  std::uint64_t bytes = 0;
  Cid cid;
  std::string target;  // of a symlink
  UnixfsMetadata metadata;
};

struct Stat {
  EntryKind kind = EntryKind::file;
  Cid cid;
  std::uint64_t bytes = 0;   // of the files; of a symlink alone, its target's name
  std::uint64_t blocks = 0;  // different ones
  std::uint64_t files = 0;   // symlinks are none
  std::uint64_t folders = 0;
  /// Of these, on this machine, in files that look as when they were verified.
  std::uint64_t blocks_held = 0;
};

/// Looks into content by its links, fetching only the blocks needed and keeping only interior
/// nodes.
class Reader {
 public:
  /// What is not held is fetched from `origin`.
  explicit Reader(Context context, Origin origin = {}, content::TreeLimits limits = {},
                  Fetching fetching = Fetching::as_needed);
  ~Reader();

  /// The CID that the link's path leads to. Throws Error{not_found} naming the first missing part.
  Task<Cid> resolve(Link link);

  /// A folder's entries in order of their names, or the one entry that a file is. Called for each,
  /// as they are found, and awaited before the next. The entries of a folder that has too many to
  /// keep in memory, some 200,000, come in the order of its shards. Throws Error{limit} when
  /// RepeatBudget or the limits end it; so do read() and stat().
  Task<void> list(Cid cid, bool recursive, std::function<Task<void>(const Listed&)> entry);

  /// Bytes [offset, offset + length) of a file, in order, in pieces of at most 2 MiB; each piece is
  /// handed over before the next is waited for, with a bounded read-ahead. Throws Error{usage} for
  /// a folder.
  Task<void> read(Cid cid, std::uint64_t offset, std::optional<std::uint64_t> length,
                  std::function<Task<void>(ByteView)> piece);

  /// Reads interior nodes only.
  Task<Stat> stat(Cid cid);

  /// Of blocks that are on their way, what has come of them.
  std::size_t bytes_arriving() const;
  /// Of those who are asked and are not connected, what went wrong last.
  std::vector<content::Trouble> troubles() const;
  /// What read() gives; 0 before that is known, and of nothing else.
  std::uint64_t bytes_to_read() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal::service
