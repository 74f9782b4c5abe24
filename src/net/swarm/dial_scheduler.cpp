#include "net/swarm/dial_scheduler.h"

#include <exception>

#include "base/error.h"
#include "net/path.h"
#include "system/event.h"

namespace shoal::net {

/// One dial that several may wait for.
struct DialScheduler::Dial {
  explicit Dial(Waits& waits) : ended(waits) {}
  Event ended;
  LateAddresses late;
  bool done = false;
  ConnectionId connection = 0;
  std::exception_ptr failure;
};

DialScheduler::DialScheduler(System& system, PeerStore& peers,
                             const std::vector<std::unique_ptr<Transport>>& transports,
                             std::size_t attempts_at_once, Adopt adopt)
    : system_(system),
      peers_(peers),
      adopt_(std::move(adopt)),
      dialer_(system, transports, peers, attempts_at_once),
      tasks_(system.waits, "dials") {
  peers_.when_added([this](const PeerId& peer) { take_in_addresses(peer); });
}

DialScheduler::~DialScheduler() {
  peers_.when_added({});
}

void DialScheduler::take_in_addresses(const PeerId& peer) {
  for (const bool direct : {false, true}) {
    const auto dial = dials_.find(Key(peer, direct));
    if (dial != dials_.end() && dial->second->late.take) {
      dial->second->late.take(targets(peer, direct));
    }
  }
}

Task<ConnectionId> DialScheduler::dial(PeerId peer, DialOptions options) {
  if (tasks_.stopping()) throw Error(ErrorCode::closed, "this node is stopping");
  if (!options.addresses.empty()) {
    co_return co_await dial_alone(std::move(peer), std::move(options));
  }
  const Key key(std::move(peer), options.force_direct);
  std::shared_ptr<Dial> dial = dials_[key];
  if (!dial) {
    dial = std::make_shared<Dial>(system_.waits);
    dials_[key] = dial;
    tasks_.spawn(run(key, dial));
  }
  while (!dial->done) co_await dial->ended.wait();
  if (dial->failure) std::rethrow_exception(dial->failure);
  co_return dial->connection;
}

Task<ConnectionId> DialScheduler::dial_alone(PeerId peer, DialOptions options) {
  std::vector<KnownAddress> given;
  for (Multiaddr& address : options.addresses) {
    given.push_back({std::move(address), AddressSource::given_by_user, std::nullopt});
  }
  Link link = co_await dialer_.dial(std::move(peer), std::move(given), options.as);
  co_return adopt_(std::move(link));
}

Task<void> DialScheduler::run(Key key, std::shared_ptr<Dial> dial) {
  try {
    Task<Link> dialling =
        dialer_.dial(key.first, targets(key.first, key.second), {.early = true}, &dial->late);
    Link link = co_await std::move(dialling);
    dial->connection = adopt_(std::move(link));
  } catch (const boost::system::system_error&) {
    const Error stopped(ErrorCode::closed, "this node is stopping");
    dial->failure = std::make_exception_ptr(stopped);
  } catch (...) {
    dial->failure = std::current_exception();
  }
  dial->done = true;
  dials_.erase(key);
  dial->ended.notify_all();
}

std::vector<KnownAddress> DialScheduler::targets(const PeerId& peer, bool direct_only) const {
  std::vector<KnownAddress> out = peers_.known(peer);
  if (direct_only) {
    std::erase_if(out, [](const auto& known) { return path_of(known.address) == Path::relay; });
  }
  return out;
}

}  // namespace shoal::net
