#include "node/home.h"

#include <algorithm>

#include "base/error.h"

namespace shoal::node {

namespace {

/// The folder, with those above it. A new one is for its owner alone: the index in it lists every
/// path that is shared.
std::string make_home(System& system, const std::string& home) {
  const std::string path = system.storage.absolute(home);
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    const std::string above = path.substr(0, at);
    if (!system.storage.info(above)) system.storage.make_folder(above);
  }
  const bool is_new = !system.storage.info(path);
  system.storage.make_folder(path);
  if (is_new) system.storage.set_mode(path, 0700);
  return path;
}

std::string folder_of(const std::string& home, int node) {
  return node == 1 ? home : home + "/node-" + std::to_string(node);
}

std::unique_ptr<FileLock> lock_if_free(Storage& storage, const std::string& folder) {
  try {
    return storage.lock(lock_path(folder));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::locked) throw;
    return nullptr;
  }
}

}  // namespace

std::string lock_path(const std::string& folder) {
  return folder + "/lock";
}

Home::Home(System& system, const std::string& path) : root_(make_home(system, path)) {
  for (int node = 1; node <= kMaxNodes; ++node) {
    folder_ = folder_of(root_, node);
    if (node > 1) system.storage.make_folder(folder_);
    lock_ = lock_if_free(system.storage, folder_);
    if (lock_) return;
  }
  throw Error(ErrorCode::locked, std::to_string(kMaxNodes) + " nodes run in this home", root_,
              "stop one of them (`shoal status` lists them), or use another home: --home DIR");
}

std::vector<std::string> node_folders(Storage& storage, const std::string& home) {
  std::vector<std::string> out;
  for (int node = 1; node <= Home::kMaxNodes; ++node) {
    std::string folder = folder_of(home, node);
    if (storage.info(folder)) out.push_back(std::move(folder));
  }
  return out;
}

}  // namespace shoal::node
