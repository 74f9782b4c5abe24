#include "protocol/dcutr/spray.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "system/event.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::dcutr {

namespace {

/// NATs map no ports below.
constexpr std::uint64_t kFirstPort = 1024;
constexpr std::uint64_t kEndPort = 65'536;
constexpr Duration kOpenPause = 500ms;
/// Files that one open port may take of those that are allowed: one in so many.
constexpr std::size_t kFileShare = 8;

/// In "/ip4/…/sctp/PORT", port 0 stands for any.
std::optional<Endpoint> target_of(const Multiaddr& address) {
  const auto parts = address.components();
  if (parts.size() != 2 || parts[0].code != AddressCode::ip4 ||
      parts[1].code != AddressCode::sctp) {
    return std::nullopt;
  }
  const ByteView port = parts[1].value;
  return Endpoint{*address.ip(), static_cast<std::uint16_t>(port[0] << 8 | port[1])};
}

Multiaddr target(const Endpoint& endpoint) {
  return Multiaddr::parse("/ip4/" + endpoint.address.to_string() + "/sctp/" +
                          std::to_string(endpoint.port));
}

}  // namespace

/// One search: connections as they come about, and the first that is the peer's.
class Spray::Hunt {
 public:
  Hunt(Spray& spray, PeerId peer, net::Direction role)
      : spray_(spray),
        system_(spray.system_),
        peer_(std::move(peer)),
        role_(role),
        changed_(system_.waits),
        tasks_(system_.waits, "port guessing") {}

  void open_ports(Endpoint seen) {
    const std::size_t allowed = system_.network.max_open_files() / kFileShare;
    for (std::size_t i = 0; i < std::min(kOpen, allowed); ++i) {
      ++searching_;
      tasks_.spawn(open_port(seen));
    }
  }

  void guess_ports(const IpAddress& address) {
    std::set<std::uint16_t> drawn;
    while (drawn.size() < kGuesses) {
      const auto port =
          static_cast<std::uint16_t>(kFirstPort + system_.random.below(kEndPort - kFirstPort));
      if (drawn.insert(port).second) guesses_.push_back({address, port});
    }
    const std::size_t allowed = system_.network.max_open_files() / kFileShare;
    for (std::size_t i = 0; i < std::min(kGuessesAtOnce, allowed); ++i) {
      ++searching_;
      tasks_.spawn(guess());
    }
  }

  /// Once it was begun.
  Task<net::Link> find() {
    std::exception_ptr failure;
    try {
      co_await within(system_.clock, kTime, wait_for_peer(), "guessing ports");
    } catch (...) {
      failure = std::current_exception();
    }
    co_await tasks_.stop();
    if (link_) co_return std::move(*link_);
    if (failure) std::rethrow_exception(failure);
    throw Error(ErrorCode::unreachable, "no guess of a port was right", peer_.to_string());
  }

 private:
  Task<void> wait_for_peer() {
    while (!link_ && (searching_ > 0 || upgrading_ > 0 || !met_.empty())) {
      // Who speaks first does so on one connection at a time: else each side might keep another.
      const bool may_begin = role_ == net::Direction::inbound || upgrading_ == 0;
      if (met_.empty() || !may_begin) {
        co_await changed_.wait();
        continue;
      }
      std::unique_ptr<HostStream> stream = std::move(met_.front());
      met_.pop_front();
      ++upgrading_;
      tasks_.spawn(try_upgrade(std::move(stream)));
    }
  }

  Task<void> open_port(Endpoint seen) {
    for (int attempt = 0; attempt < kOpenTries && !link_; ++attempt) {
      const bool met = co_await connect(seen, 0);
      if (met) break;
      co_await system_.clock.sleep_for(kOpenPause);
    }
    searched();
  }

  Task<void> guess() {
    const std::uint16_t from = spray_.listening_port_();
    while (!guesses_.empty() && !link_) {
      const Endpoint next = guesses_.front();
      guesses_.pop_front();
      Task<bool> connecting = connect(next, from);
      try {
        co_await within(system_.clock, kGuessTime, std::move(connecting), "guessing a port");
      } catch (const Error&) {
        // Not this one.
      }
    }
    searched();
  }

  void searched() {
    --searching_;
    changed_.notify_all();
  }

  Task<bool> connect(Endpoint remote, std::uint16_t from) {
    try {
      auto stream = co_await system_.network.connect(remote, {.local_port = from});
      met_.push_back(std::move(stream));
      changed_.notify_all();
      co_return true;
    } catch (const Error&) {
      co_return false;
    }
  }

  Task<void> try_upgrade(std::unique_ptr<HostStream> stream) {
    const Endpoint remote = stream->remote();
    try {
      Task<net::Link> upgrading = upgrade(std::move(stream));
      net::Link link =
          co_await within(system_.clock, kUpgradeTime, std::move(upgrading), "a handshake");
      if (!link_) link_.emplace(std::move(link));
    } catch (const Error& error) {
      log_debug("{} is not who was sought: {}", remote.to_string(), error.what());
    }
    --upgrading_;
    changed_.notify_all();
  }

  Task<net::Link> upgrade(std::unique_ptr<HostStream> stream) {
    Multiaddr local = Multiaddr::tcp(stream->local());
    Multiaddr remote = Multiaddr::tcp(stream->remote());
    if (role_ == net::Direction::outbound) {
      co_return co_await spray_.upgrader_.outbound(std::move(stream), peer_, std::move(local),
                                                   std::move(remote));
    }
    net::Link link = co_await spray_.upgrader_.inbound(std::move(stream), std::move(local), remote);
    if (link.peer == peer_) co_return link;
    throw Error(ErrorCode::refused, "another peer answered", remote.to_string());
  }

  Spray& spray_;
  System& system_;
  const PeerId peer_;
  const net::Direction role_;
  std::deque<Endpoint> guesses_;
  std::size_t searching_ = 0;
  std::size_t upgrading_ = 0;
  std::deque<std::unique_ptr<HostStream>> met_;
  std::optional<net::Link> link_;
  Event changed_;
  TaskGroup tasks_;
};

Spray::Spray(System& system, net::Upgrader& upgrader, ListeningPort listening_port)
    : system_(system), upgrader_(upgrader), listening_port_(std::move(listening_port)) {}

Spray::~Spray() = default;

Multiaddr Spray::target_to_open(const Endpoint& seen) {
  return target(seen);
}

Multiaddr Spray::target_to_guess(const IpAddress& address) {
  return target({address, 0});
}

std::unique_ptr<Spray::Permit> Spray::permit(const PeerId& peer, const Multiaddr& target) {
  const TimePoint now = system_.clock.now();
  std::erase_if(last_, [now](const auto& each) { return now - each.second >= kPause; });
  const auto endpoint = target_of(target);
  SHOAL_CHECK(endpoint.has_value());
  const bool may = !permitted_ && last_.size() < kMaxRemembered;
  const std::pair key(endpoint->address, endpoint->port == 0);
  if (!may || !last_.try_emplace(key, now).second) return nullptr;
  permitted_ = Permitted{.peer = peer, .target = target};
  return std::make_unique<Permit>(*this);
}

bool Spray::handles(const Multiaddr& address) const {
  return target_of(address).has_value();
}

Task<net::Link> Spray::dial(Multiaddr address, PeerId peer, net::DialAs as) {
  const auto endpoint = target_of(address);
  SHOAL_CHECK(endpoint.has_value());
  const bool may = permitted_ && permitted_->peer == peer && permitted_->target == address;
  if (!may) throw Error(ErrorCode::unsupported, "no transport for this address");
  Hunt hunt(*this, std::move(peer), as.role);
  if (endpoint->port != 0) {
    hunt.open_ports(*endpoint);
  } else {
    hunt.guess_ports(endpoint->address);
  }
  co_return co_await hunt.find();
}

std::unique_ptr<net::TransportListener> Spray::listen(const Multiaddr& address) {
  throw Error(ErrorCode::unsupported, "nothing listens there", address.to_string());
}

}  // namespace shoal::dcutr
