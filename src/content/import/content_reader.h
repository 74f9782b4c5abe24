#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "content/import/chunk.h"
#include "content/import/tree_plan.h"
#include "format/file_layout.h"
#include "system/event.h"

namespace shoal::content {

/// Reads and hashes the files of a plan and gives each entry its root.
///
/// A few workers take one piece of work after the other: a chunk of a file that is open, or else
/// the next file, which is done at once when it is one chunk only. So one big file and many small
/// ones keep the processors equally busy, and what waits to be put in order is a few CIDs.
///
/// Files of the plan that vanish or do not come to rest are left out of it.
class ContentReader {
 public:
  ContentReader(System& system, BlockStore* store, const ImportOptions& options, TreePlan& plan);

  /// All files. Throws the first failure.
  Task<void> run();

  const std::string& current_path() const { return current_path_; }
  std::uint64_t bytes_done() const { return bytes_done_; }
  std::uint64_t bytes_hashed() const { return bytes_hashed_; }

 private:
  struct Pending {
    std::size_t entry;
    bool again;
  };
  struct BigFile;

  Task<void> work();
  Task<void> work_until_done();
  std::optional<Pending> next_file();
  Task<void> read_file(Pending pending);
  Task<void> read_chunk(std::shared_ptr<BigFile> file);
  Task<void> finish(BigFile& file);

  void set_info(std::size_t entry, const FileInfo& info);
  bool take_unchanged(std::size_t entry, const std::string& path);
  void finish_small(std::size_t entry, const std::string& path, const OpenedFile& opened);
  std::shared_ptr<BigFile> begin_big(Pending pending, std::string path, OpenedFile opened);
  void take_in_order(BigFile& file);
  void keep_block(std::size_t entry, const Cid& cid, ByteView block);
  void set_root(std::size_t entry, const FileRoot& root);
  void changed(Pending pending);
  void count_hashed(std::uint64_t bytes);
  UnixfsMetadata metadata_of(const FileInfo& info) const;
  std::string key_of(const FileInfo& info) const;

  System& system_;
  BlockStore* store_;
  const ImportOptions& options_;
  TreePlan& plan_;
  Event changed_;
  std::size_t next_entry_ = 0;
  std::deque<Pending> again_;
  std::deque<std::shared_ptr<BigFile>> open_;  // with chunks that nobody has begun
  std::size_t files_being_opened_ = 0;
  std::exception_ptr failure_;
  std::string current_path_;
  std::uint64_t unchanged_ = 0;  // files
  std::uint64_t bytes_done_ = 0;
  std::uint64_t bytes_hashed_ = 0;
};

}  // namespace shoal::content
