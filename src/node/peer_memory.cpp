#include "node/peer_memory.h"

#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "system/offload.h"
#include "system/whole_file.h"

namespace shoal::node {

namespace {

std::string path_in(const std::string& folder) {
  return folder + "/" + PeerMemory::kFile;
}

}  // namespace

PeerMemory::PeerMemory(System& system, net::PeerStore& peers, const Home& home, bool ephemeral)
    : system_(system),
      peers_(peers),
      path_(ephemeral ? std::string() : path_in(home.folder())),
      tasks_(system.waits, "peer memory") {
  if (ephemeral) return;
  load(home.folder());
  if (!home.is_first()) load(home.root());
}

void PeerMemory::load(const std::string& folder) {
  try {
    const auto bytes = read_whole(system_.storage, path_in(folder), net::PeerStore::kMaxSavedBytes);
    if (bytes) peers_.restore(*bytes);
  } catch (const Error& error) {
    log_warning("addresses of earlier peers cannot be read: {}", error.what());
  }
}

void PeerMemory::start() {
  if (!path_.empty()) tasks_.spawn(keep_saving());
}

Task<void> PeerMemory::stop() {
  co_await tasks_.stop();
  // To the end, also when whoever stops us is cancelled.
  TaskGroup last(system_.waits, "peer memory");
  last.spawn(save());
  co_await last.join_through();
}

Task<void> PeerMemory::keep_saving() {
  while (true) {
    co_await system_.clock.sleep_for(kInterval);
    co_await save();
  }
}

Task<void> PeerMemory::save() {
  if (path_.empty()) co_return;
  Bytes bytes = peers_.save();
  if (bytes == saved_) co_return;
  const auto job = [this, &bytes] { replace_whole(system_.storage, path_, bytes); };
  try {
    co_await offload(system_.offload, job);
    saved_ = std::move(bytes);
  } catch (const Error& error) {
    log_info("addresses of peers cannot be kept: {}", error.what());
  }
}

}  // namespace shoal::node
