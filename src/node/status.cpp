#include "node/status.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "content/store/index_reading.h"
#include "node/home.h"
#include "node/identity.h"
#include "system/offload.h"

namespace shoal::node {

namespace {

using content::FileStamp;
using content::IndexReading;

std::string folder_of(std::string_view path) {
  return std::string(path.substr(0, std::max<std::size_t>(path.rfind('/'), 1)));
}

std::uint64_t bytes_below(Storage& storage, const std::string& path) {
  std::uint64_t bytes = 0;
  for (const FolderEntry& entry : storage.list(path)) {
    const std::string inner = path + "/" + entry.name;
    if (entry.kind == FileKind::folder) {
      bytes += bytes_below(storage, inner);
    } else if (const auto info = storage.info(inner)) {
      bytes += info->size;
    }
  }
  return bytes;
}

void count(KnownPlace& place, Storage& storage, const IndexReading::Entry& file) {
  ++place.files;
  place.bytes += file.stamp.size;
  place.blocks += file.blocks;
  const auto there = storage.info(file.path);
  if (!there) {
    ++place.gone;
  } else if (!file.stamp.may_be(FileStamp::of(*there))) {
    ++place.changed;
  }
}

/// A folder stands for those below it, and a file that is alone in its folder for itself.
std::vector<KnownPlace> places_of(Storage& storage, const IndexReading& index) {
  std::set<std::string> folders;
  for (const auto& file : index.files) folders.insert(folder_of(file.path));
  const auto outermost = [&](std::string folder) {
    std::string found = folder;
    while (folder != "/") {
      folder = folder_of(folder);
      if (folders.contains(folder)) found = folder;
    }
    return found;
  };
  std::map<std::string, KnownPlace> places;
  std::map<std::string, std::string> alone;  // the only file of a folder
  for (const auto& file : index.files) {
    const std::string folder = outermost(folder_of(file.path));
    KnownPlace& place = places[folder];
    count(place, storage, file);
    alone[folder] = file.path;
  }
  std::vector<KnownPlace> out;
  for (auto& [folder, place] : places) {
    place.path = place.files == 1 ? alone[folder] : folder;
    out.push_back(std::move(place));
  }
  return out;
}

}  // namespace

std::optional<LockHolder> holder_of(Storage& storage, const std::string& home) {
  return storage.lock_holder(lock_path(home));
}

std::vector<RunningNode> running_nodes(Storage& storage, const std::string& home) {
  std::vector<RunningNode> out;
  if (!storage.info(home)) return out;
  for (const std::string& folder : node_folders(storage, home)) {
    auto holder = holder_of(storage, folder);
    if (!holder) continue;
    out.push_back({.holder = std::move(*holder), .running = read_running(storage, folder)});
  }
  return out;
}

Task<Status> look_at_home(System& system, std::string home) {
  Storage& storage = system.storage;
  Status status{.home = storage.absolute(home), .peer = {}, .nodes = {}, .places = {}};
  if (!storage.info(status.home)) co_return status;
  if (const auto key = find_identity(system, status.home)) {
    status.peer = PeerId::from_public_key(key->public_key());
  }
  status.nodes = running_nodes(storage, status.home);
  status.disk_bytes = bytes_below(storage, status.home);
  for (const char* suffix : {"", content::kIndexWalSuffix}) {
    const auto info = storage.info(status.home + "/" + content::kIndexName + suffix);
    if (info) status.index_bytes += info->size;
  }
  const auto index = co_await content::read_index(system, status.home);
  if (!index) co_return status;
  status.nodes_in_index = index->nodes;
  status.node_bytes = index->node_bytes;
  const auto job = [&] { return places_of(storage, *index); };
  status.places = co_await offload(system.offload, job);
  co_return status;
}

}  // namespace shoal::node
