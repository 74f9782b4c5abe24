#include "protocol/autonat/reachability.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace shoal::autonat {

Reachability::Reachability(System& system, net::Swarm& swarm, Client& client, Candidates candidates,
                           Changed changed)
    : system_(system),
      swarm_(swarm),
      client_(client),
      candidates_(std::move(candidates)),
      changed_(std::move(changed)),
      tasks_(system.waits, "reachability") {}

Task<void> Reachability::keep_checking() {
  while (true) {
    co_await system_.clock.sleep_for(kLook);
    update_candidates();
    std::vector<Multiaddr> due;
    for (const auto& [address, about] : addresses_) {
      if (about.due <= system_.clock.now()) due.push_back(address);
    }
    for (const Multiaddr& address : due) co_await check(address);
  }
}

void Reachability::update_candidates() {
  std::vector<Multiaddr> wanted = candidates_();
  if (wanted.size() > kMaxAddresses) wanted.resize(kMaxAddresses);
  std::erase_if(addresses_, [&](const auto& known) {
    const bool gone = std::ranges::find(wanted, known.first) == wanted.end();
    if (gone && known.second.state == Reachable::yes) changed_(known.first, Reachable::unknown);
    return gone;
  });
  for (Multiaddr& address : wanted) addresses_.try_emplace(std::move(address));
}

std::vector<PeerId> Reachability::servers() const {
  std::vector<PeerId> out;
  for (const net::Connection* connection : swarm_.connections().all()) {
    const auto* const spoken = swarm_.peers().protocols(connection->peer());
    const bool serves =
        spoken != nullptr && std::ranges::find(*spoken, kDialRequestProtocol) != spoken->end();
    // A relay's word tells nothing of how it would reach us.
    if (serves && connection->path() != net::Path::relay &&
        std::ranges::find(out, connection->peer()) == out.end()) {
      out.push_back(connection->peer());
    }
  }
  std::ranges::sort(out);
  return out;
}

/// Those first who have not been asked for longest.
Task<void> Reachability::check(Multiaddr address) {
  std::size_t asked = 0;
  std::size_t yes = 0;
  std::size_t no = 0;
  const auto is_enough = [&] {
    return asked == kAskedAtOnce || (std::max(yes, no) >= kAgree && std::min(yes, no) == 0);
  };
  for (const PeerId& server : servers()) {
    const auto about = addresses_.find(address);
    if (about == addresses_.end() || is_enough()) break;
    if (!about->second.asked.insert(server).second) continue;
    ++asked;
    try {
      const auto probe = co_await client_.probe(server, {address});
      if (!probe) continue;
      ++(probe->reachable ? yes : no);
      hear(address, server, probe->reachable);
    } catch (const Error& error) {
      log_debug("AutoNAT with {}: {}", server.to_string(), error.what());
    }
  }
  const auto about = addresses_.find(address);
  if (about == addresses_.end()) co_return;
  // Everybody was asked: begin anew, later.
  if (!is_enough()) about->second.asked.clear();
  const bool told = asked > 0;
  const Duration pause = about->second.state == Reachable::yes ? kRecheckReachable : kRecheckOthers;
  about->second.due = system_.clock.now() + (told ? pause : kLook);
}

void Reachability::hear(const Multiaddr& address, const PeerId& server, bool reached) {
  const auto found = addresses_.find(address);
  if (found == addresses_.end()) return;
  Address& about = found->second;
  std::erase(about.order, server);
  about.order.push_back(server);
  about.voices[server] = reached;
  if (about.order.size() > kMaxVoices) {
    about.voices.erase(about.order.front());
    about.order.erase(about.order.begin());
  }
  const Reachable now = judge(about);
  if (now == std::exchange(about.state, now)) return;
  log_info("{} is {}", address.to_string(),
           now == Reachable::yes  ? "reachable"
           : now == Reachable::no ? "not reachable"
                                  : "in doubt");
  changed_(address, now);
}

Reachable Reachability::judge(const Address& address) {
  const auto yes =
      std::ranges::count_if(address.voices, [](const auto& each) { return each.second; });
  const auto no = static_cast<std::ptrdiff_t>(address.voices.size()) - yes;
  if (yes == no) return Reachable::unknown;
  return yes > no ? Reachable::yes : Reachable::no;
}

Reachable Reachability::state(const Multiaddr& address) const {
  const auto found = addresses_.find(address);
  return found == addresses_.end() ? Reachable::unknown : found->second.state;
}

bool Reachability::is_reachable() const {
  return std::ranges::any_of(addresses_,
                             [](const auto& each) { return each.second.state == Reachable::yes; });
}

std::map<Multiaddr, Reachable> Reachability::states() const {
  std::map<Multiaddr, Reachable> out;
  for (const auto& [address, about] : addresses_) out.emplace(address, about.state);
  return out;
}

}  // namespace shoal::autonat
