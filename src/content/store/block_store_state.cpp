#include "content/store/block_store_state.h"

#include <fmt/format.h>

#include "base/log.h"
#include "content/store/memory_index.h"
#include "content/store/sqlite_index.h"
#include "system/offload.h"

namespace shoal::content {

namespace {

constexpr Duration kCommitAfter = 1s;
/// Extents in one transaction: enough that adding many is cheap, and so few that a commit, which
/// writes every page that they changed, does not hold up the event loop.
constexpr std::size_t kExtentsPerCommit = 500;
/// Files not read for so long are closed, so that a deleted one's room comes back.
constexpr Duration kCloseFilesAfter = 10s;
/// Damaged indexes that are kept under names of their own.
constexpr int kMostDamaged = 1000;

}  // namespace

void BlockStore::State::open() {
  if (persistence == Persistence::ephemeral) {
    index = std::make_unique<MemoryIndex>();
    return;
  }
  try {
    index = std::make_unique<SqliteIndex>(system, path, last_file);
    return;
  } catch (const DamagedDatabase& damage) {
    set_aside(damage);
  }
  index = std::make_unique<SqliteIndex>(system, path, last_file);
}

void BlockStore::State::set_aside(const DamagedDatabase& damage) {
  index.reset();
  files.close_all();
  Storage& storage = system.storage;
  for (int n = 1; n <= kMostDamaged; ++n) {
    const std::string aside = fmt::format("{}.damaged-{}", path, n);
    if (storage.info(aside) || storage.info(aside + kIndexWalSuffix)) continue;
    if (storage.info(path + kIndexWalSuffix)) {
      storage.rename(path + kIndexWalSuffix, aside + kIndexWalSuffix, false);
    }
    if (storage.info(path)) storage.rename(path, aside, false);
    log_warning("{}; moved to {}", damage.what(), aside);
    damaged = aside;
    return;
  }
  throw Error(ErrorCode::io, "too many damaged indexes lie there", path,
              "remove those whose names end in .damaged-N");
}

void BlockStore::State::commit() {
  uncommitted_extents = 0;
  if (!index) return;
  with_index([](Index& all) { all.commit(); });
  begin_checkpoint();
}

/// Its syncs would hold up the event loop.
void BlockStore::State::begin_checkpoint() {
  if (checkpointing || tasks.stopping()) return;
  auto job = index->due_checkpoint();
  if (!job) return;
  checkpointing = true;
  tasks.spawn(checkpoint(std::move(job)));
}

Task<void> BlockStore::State::checkpoint(std::function<bool()> job) {
  const std::uint64_t commits = index->commits();
  const bool whole = co_await offload(system.offload, std::move(job));
  checkpointing = false;
  if (whole && index && index->commits() == commits) index->caught_up();
  checkpointed.notify_all();
}

Task<void> BlockStore::State::keep_pace() {
  // The second checkpoint has what was committed during the first.
  for (int round = 0; round < 2 && index && index->is_behind(); ++round) {
    commit();
    if (checkpointing) co_await checkpointed.wait();
  }
}

/// What is left in the WAL is moved into the database then, with syncs.
Task<void> BlockStore::State::close() {
  if (persistence == Persistence::ephemeral || !index) co_return;
  std::unique_ptr<Index> closing = std::move(index);
  co_await offload(system.offload, [&closing] { closing.reset(); });
}

void BlockStore::State::commit_later() {
  if (persistence == Persistence::ephemeral) return;
  if (++uncommitted_extents >= kExtentsPerCommit) commit();
  if (commit_pending || tasks.stopping()) return;
  commit_pending = true;
  tasks.spawn(commit_after_a_while());
}

Task<void> BlockStore::State::commit_after_a_while() {
  co_await system.clock.sleep_for(kCommitAfter);
  commit_pending = false;
  try {
    commit();
  } catch (const Error& error) {
    log_warning("{}", error.what());
  }
}

void BlockStore::State::close_files_later() {
  files_used = system.clock.now();
  if (close_pending || tasks.stopping()) return;
  close_pending = true;
  tasks.spawn(close_files_when_idle());
}

Task<void> BlockStore::State::close_files_when_idle() {
  while (system.clock.now() < files_used + kCloseFilesAfter) {
    co_await system.clock.sleep_until(files_used + kCloseFilesAfter);
  }
  files.close_all();
  close_pending = false;
}

}  // namespace shoal::content
