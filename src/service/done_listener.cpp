#include "service/done_listener.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "service/done.h"
#include "system/timeout.h"

namespace shoal::service {

struct DoneListener::State {
  State(System& world, net::Swarm& connections) : system(world), swarm(connections) {}

  static Task<void> hear(System& system, std::weak_ptr<State> weak, net::ProtocolStream stream) {
    const std::optional<Cid> root =
        co_await within(system.clock, kDoneTimeout, read_done(*stream.stream), "a receiver's word");
    if (const auto state = weak.lock(); state && root) state->tell(stream.peer, *root);
    co_await stream.stream->close_write();
  }

  void tell(const PeerId& peer, const Cid& root) {
    const std::vector<Observer*> all = observers;
    for (Observer* observer : all) {
      if (std::ranges::find(observers, observer) != observers.end()) observer->done(peer, root);
    }
  }

  System& system;
  net::Swarm& swarm;
  std::vector<Observer*> observers;
};

DoneListener::DoneListener(System& system, net::Swarm& swarm)
    : state_(std::make_shared<State>(system, swarm)) {}

DoneListener::~DoneListener() = default;

void DoneListener::add(Observer& observer) {
  state_->observers.push_back(&observer);
  if (state_->observers.size() > 1) return;
  // Handlers belong to their connections, which may end after this.
  state_->swarm.protocols().add(
      kDoneProtocol,
      [&system = state_->system, weak = std::weak_ptr(state_)](net::ProtocolStream stream) {
        return State::hear(system, weak, std::move(stream));
      });
}

void DoneListener::remove(Observer& observer) {
  const bool known = std::erase(state_->observers, &observer) > 0;
  if (known && state_->observers.empty()) state_->swarm.protocols().remove(kDoneProtocol);
}

}  // namespace shoal::service
