#include "service/tunnel_heartbeat.h"

#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace shoal::service {

TunnelHeartbeat::TunnelHeartbeat(System& system, net::Swarm& swarm, PeerId peer)
    : system_(system), swarm_(swarm), peer_(std::move(peer)), pinger_(system, swarm) {}

Task<bool> TunnelHeartbeat::beat() {
  if (std::exchange(seen_, heard_) != heard_) co_return swarm_.best(peer_) != nullptr;
  Answer answer = co_await ping();
  // A stream that was idle for long may have been ended at the other side.
  if (answer == Answer::not_asked) answer = co_await ping();
  if (answer == Answer::given || seen_ != heard_) co_return true;
  if (swarm_.best(peer_) != nullptr) {
    log_warning("{} has not answered for {} s: its connections are closed", peer_.to_string(),
                std::chrono::duration_cast<std::chrono::seconds>(kPingTimeout).count());
    swarm_.disconnect(peer_);
  }
  co_return false;
}

Task<TunnelHeartbeat::Answer> TunnelHeartbeat::ping() {
  if (swarm_.best(peer_) == nullptr) co_return Answer::none;
  try {
    if (!open_) co_await pinger_.open(peer_);
    open_ = true;
    co_await pinger_.ping(kPingTimeout);
    co_return Answer::given;
  } catch (const Error& error) {
    open_ = false;
    log_debug("ping of {}: {}", peer_.short_name(), error.what());
    co_return error.code() == ErrorCode::timeout ? Answer::none : Answer::not_asked;
  }
}

}  // namespace shoal::service
