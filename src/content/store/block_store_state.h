#pragma once

#include <memory>
#include <string>
#include <vector>

#include "content/store/block_store.h"
#include "content/store/database.h"
#include "content/store/file_blocks.h"
#include "content/store/file_moves.h"
#include "content/store/index.h"
#include "system/event.h"
#include "system/task_group.h"

namespace shoal::content {

/// A file that looks as it did when a block was verified is not always unchanged.
enum class Trust { the_look, nothing };

/// The index of a block store, its open files and its tasks.
struct BlockStore::State {
  /// With so many extents that wait for their commit, a node waits for it, too.
  static constexpr std::size_t kPlacesPerPut = 256;

  State(System& the_system, std::string folder, Persistence the_persistence)
      : system(the_system),
        persistence(the_persistence),
        path(std::move(folder) + "/" + kIndexName),
        tasks(system.waits, "block store") {
    open();
  }

  /// Does `call` with the index; once more with a fresh one if it turns out to be damaged.
  template <class Call>
  auto with_index(Call call) {
    if (!index) open();
    const bool pending = index->has_changes();
    try {
      return call(*index);
    } catch (const DamagedDatabase& damage) {
      set_aside(damage);
    } catch (const Error& error) {
      // SQLite takes all of a transaction back when it cannot go on.
      if (pending && !index->has_changes()) lost = error.message();
      if (index->sync_failed()) {
        lost = error.message();
        index.reset();
      }
      throw;
    }
    open();
    return call(*index);
  }

  /// The same for a change that may wait a second for its commit.
  template <class Call>
  auto change(Call call) {
    commit_later();
    return with_index(std::move(call));
  }

  void open();
  void set_aside(const DamagedDatabase& damage);
  void commit();
  void commit_later();
  void close_files_later();
  Task<void> commit_after_a_while();
  void begin_checkpoint();
  Task<void> checkpoint(std::function<bool()> job);
  Task<void> keep_pace();
  Task<void> close();
  Task<void> close_files_when_idle();
  Task<std::optional<SharedBytes>> get_node(Multihash hash);
  std::vector<Index::Extent> extents(const Multihash& hash);
  std::vector<Index::Extent> extents(const Multihash& hash, std::size_t most);
  bool has_moved(const Multihash& hash, const Index::Extent& place);
  Task<std::optional<SharedBytes>> get(Multihash hash, Trust trust);
  Task<std::vector<std::optional<SharedBytes>>> get_all(std::vector<Multihash> hashes);
  Task<BlockReading> read(const Multihash& hash, const Index::Extent& place, Trust trust);
  void note(const Multihash& hash, const Index::Extent& place, const BlockReading& reading);

  System& system;
  const Persistence persistence;
  std::string path;
  std::string damaged;
  std::unique_ptr<Index> index;
  FileId last_file = 0;
  OpenFiles files;
  TimePoint files_used;
  bool close_pending = false;
  bool commit_pending = false;
  bool checkpointing = false;
  Event checkpointed{system.waits};
  std::size_t uncommitted_extents = 0;
  std::uint64_t stale_blocks = 0;
  Subscribers<const Multihash&, const std::string&> missed;
  std::string lost;  // why changes went that were not committed yet; empty: none did
  FileMoves moves{*this};
  TaskGroup tasks;
};

}  // namespace shoal::content
