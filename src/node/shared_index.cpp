#include "node/shared_index.h"

#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "content/store/index_copy.h"

namespace shoal::node {

namespace {

std::unique_ptr<FileLock> lock_ended(Storage& storage, const std::string& folder) {
  try {
    return storage.lock(lock_path(folder));
  } catch (const Error&) {
    return nullptr;  // it runs
  }
}

}  // namespace

void copy_index(System& system, const Home& home) {
  try {
    content::copy_index(system.storage, home.root(), home.folder());
  } catch (const Error& error) {
    // What the index remembers only saves work.
    log_info("beginning with an empty index: {}", error.what());
  }
}

void take_over_indexes(System& system, const Home& home, content::BlockStore& store) {
  Storage& storage = system.storage;
  for (const std::string& folder : node_folders(storage, home.root())) {
    if (folder == home.folder() || !content::has_index(storage, folder)) continue;
    const auto lock = lock_ended(storage, folder);
    if (!lock) continue;
    try {
      store.take_over(folder);
    } catch (const Error& error) {
      log_info("{}", error.what());
    }
    content::remove_index(storage, folder);
  }
}

}  // namespace shoal::node
