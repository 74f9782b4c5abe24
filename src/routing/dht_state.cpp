#include "routing/dht_state.h"

#include "base/error.h"
#include "base/log.h"
#include "protocol/kad/saved_providers.h"
#include "system/offload.h"
#include "system/whole_file.h"

namespace shoal::routing {

namespace {

constexpr const char* kPeers = ".peers";
constexpr const char* kRecords = ".records";
constexpr const char* kAnnounced = ".announced";

}  // namespace

DhtState::DhtState(System& system, std::string folder, std::string first_folder, std::string name)
    : system_(system),
      folder_(std::move(folder)),
      first_folder_(std::move(first_folder)),
      name_(std::move(name)) {}

std::optional<Bytes> DhtState::read(const char* kind, bool own_only) {
  if (folder_.empty()) return std::nullopt;
  for (const std::string& folder : {folder_, first_folder_}) {
    try {
      const std::string path = folder + "/" + name_ + kind;
      if (auto found = read_whole(system_.storage, path, kMaxFileBytes)) return found;
    } catch (const Error& error) {
      log_warning("{}", error.what());
    }
    if (own_only) break;
  }
  return std::nullopt;
}

void DhtState::load(kad::Dht& dht) {
  if (const auto bytes = read(kPeers, false)) dht.restore_peers(*bytes);
  if (const auto bytes = read(kAnnounced, true)) dht.reprovider().restore(*bytes);
  kad::DhtServer* const server = dht.server();
  if (server == nullptr) return;
  if (const auto bytes = read(kRecords, true)) {
    kad::restore(server->providers(), *bytes, system_.clock.now(), system_.clock.wall_now());
  }
}

Task<void> DhtState::save_peers(const kad::Dht& dht) {
  Bytes bytes = dht.save_peers();
  // Who is offline does not forget whom it knew.
  if (dht.table().size() == 0 || bytes == saved_peers_) co_return;
  saved_peers_ = bytes;
  co_await write(kPeers, std::move(bytes));
}

Task<void> DhtState::save_records(kad::Dht& dht) {
  co_await write(kAnnounced, dht.reprovider().save());
  kad::DhtServer* const server = dht.server();
  if (server == nullptr) co_return;
  Bytes records;
  std::optional<PeerId> last;
  while (const auto saved = server->providers().next_to_save(last, system_.clock.now())) {
    kad::append_frames(records, *saved, system_.clock.wall_now());
    last = saved->provider;
  }
  co_await write(kRecords, std::move(records));
}

Task<void> DhtState::write(const char* kind, Bytes content) {
  if (folder_.empty()) co_return;
  const std::string path = folder_ + "/" + name_ + kind;
  const auto job = [this, &path, &content] { replace_whole(system_.storage, path, content); };
  try {
    co_await offload(system_.offload, job);
  } catch (const Error& error) {
    log_info("what is known of the DHT cannot be kept: {}", error.what());
  }
}

}  // namespace shoal::routing
