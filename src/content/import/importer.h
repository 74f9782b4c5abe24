#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "content/import/left_out.h"
#include "content/import/stream_hasher.h"
#include "content/store/block_store.h"
#include "format/cid.h"
#include "format/unixfs_profile.h"
#include "system/system.h"

namespace shoal::content {

/// What the path "-" stands for.
struct StandardInput {
  /// Of a file in the node's home that holds it, so that it can be served; and is named
  /// kStandardInputName. Empty: it has been read already, as `hashed`.
  std::string path;
  std::optional<StreamResult> hashed{};
};

inline constexpr const char* kStandardInputPath = "-";
inline constexpr const char* kStandardInputName = "stdin";

struct ImportOptions {
  UnixfsProfile profile = UnixfsProfile::v1_2025();
  /// Also what begins with '.'. The paths given are never left out.
  bool hidden = false;
  /// Permission bits and time of change go into the content, in the way of Kubo's --preserve-mode
  /// and --preserve-mtime.
  bool preserve = false;
  /// As the lines of a .shoalignore in each of the paths given; these cannot be taken back there.
  std::vector<std::string> exclude;
  /// Of the result; empty: the last part of the only path.
  std::string name;
  /// Of the node, with its private key: left out wherever it lies. Empty: there is none.
  std::string home{};
  /// None: "-" is a file of that name.
  std::optional<StandardInput> standard_input{};
};

struct ImportResult {
  Cid root;
  std::string name;         // empty when several paths were given and no name
  std::uint64_t bytes = 0;  // of all files
  std::uint64_t files = 0;
  std::uint64_t blocks = 0;     // equal ones counted each time, as in dag_bytes
  std::uint64_t dag_bytes = 0;  // of all blocks, as parents state it
  std::uint64_t bytes_hashed = 0;
  Omissions omissions{};
  /// What else is not as might be expected, a sentence each: the node's home was left out, a
  /// .shoalignore was not read.
  std::vector<std::string> warnings;
};

struct ImportProgress {
  std::string path;  // of a file that is being read
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;  // 0 until the sizes are known
};

/// Computes the CID of files and folders as any IPFS node would with the same profile, and lets a
/// block store serve them from where they lie.
///
/// Files are read in chunks, some at a time, off the event loop; memory holds those and one entry
/// for each file, whatever the sizes. A file that the store knows unchanged is not read. Symlinks
/// stay symlinks, but one that is given as a path is followed. Unfinished downloads and their locks
/// are left out.
///
/// The tree may change meanwhile. What vanishes is left out; a file that grows, as a log does, is
/// taken at the length that it had when it was opened; one that is rewritten or becomes shorter is
/// read once more, and then left out.
class Importer {
 public:
  /// Borrows both for its life. `store` may be null: then nothing is kept.
  Importer(System& system, BlockStore* store, ImportOptions options);
  ~Importer();
  Importer(const Importer&) = delete;
  Importer& operator=(const Importer&) = delete;

  /// Several paths become the entries of one folder. Throws Error{io} naming what is unreadable, or
  /// a given path that is absent, vanishes, or is rewritten while it is read, also at the second
  /// try; Error{usage} for no path, two of the same name, or one in the node's home. Cancellable.
  /// Once.
  Task<ImportResult> import(std::vector<std::string> paths);

  ImportProgress progress() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal::content
