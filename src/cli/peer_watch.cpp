#include "cli/peer_watch.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "base/display_text.h"
#include "cli/peer_event_limiter.h"
#include "cli/peer_name.h"
#include "cli/units.h"

namespace shoal::cli {

namespace {
constexpr Duration kPeerPatience = 2s;
/// Of what a peer calls itself, and of its address.
constexpr std::size_t kAgentColumns = 64;
constexpr std::size_t kAddressColumns = 128;
}  // namespace

struct PeerWatch::State {
  struct Peer {
    Multiaddr address;
    TimePoint since;
    std::size_t connections = 0;
    enum { unknown, told, counted } state = unknown;
  };

  void tell(const PeerId& id, const Peer& peer, std::string_view state) {
    const std::string agent = node.swarm().peers().agent(id);
    output.news({{"event", "peer"},
                 {"peer_id", id.to_string()},
                 {"agent", shorten(as_utf8(agent), kAgentColumns)},
                 {"address", shorten(peer.address.to_string(), kAddressColumns)},
                 {"path", path_to(node, id, peer.address)},
                 {"state", state}});
    output.news(
        fmt::format("{} {} ({}, {})", short_name(id), state == "gone" ? "disconnected" : state,
                    path_to(node, id, peer.address),
                    agent.empty() ? "unknown agent" : shorten(for_terminal(agent), kAgentColumns)));
  }

  void tell_connected(const PeerId& id) {
    const auto found = peers.find(id);
    if (found == peers.end() || found->second.state != Peer::unknown) return;
    const bool admitted = limiter.connected(node.system().clock.now());
    found->second.state = admitted ? Peer::told : Peer::counted;
    if (admitted) tell(id, found->second, "connected");
  }

  void tell_counts(const std::optional<PeerEventLimiter::Counts>& counts) {
    if (!counts) return;
    output.news({{"event", "peers"}, {"connected", counts->connected}, {"gone", counts->gone}});
    output.news(
        fmt::format("{} more peers connected, {} disconnected", counts->connected, counts->gone));
  }

  node::Node& node;
  Output& output;
  std::map<PeerId, Peer> peers;
  std::uint64_t arrivals = 0;
  PeerEventLimiter limiter;
};

PeerWatch::PeerWatch(node::Node& node, Output& output)
    : node_(node),
      state_(std::make_shared<State>(
          State{.node = node, .output = output, .peers = {}, .limiter = {}})),
      paths_(node, output) {
  node.swarm().add_observer(*this);
  // The callback cannot be taken back, so it must not outlive what it uses.
  node.identify().when_identified([weak = std::weak_ptr(state_)](const PeerId& peer) {
    if (const auto state = weak.lock()) state->tell_connected(peer);
  });
}

PeerWatch::~PeerWatch() {
  node_.swarm().remove_observer(*this);
  state_->tell_counts(state_->limiter.take_rest(node_.system().clock.now()));
}

void PeerWatch::connected(net::Connection& connection) {
  ++state_->arrivals;
  auto& peer = state_->peers[connection.peer()];
  if (++peer.connections > 1) return;
  peer.address = connection.remote();
  peer.since = node_.system().clock.now();
}

void PeerWatch::disconnected(net::Connection& connection) {
  const auto found = state_->peers.find(connection.peer());
  if (found == state_->peers.end() || --found->second.connections > 0) return;
  state_->tell_connected(connection.peer());
  if (found->second.state == State::Peer::told) {
    state_->tell(connection.peer(), found->second, "gone");
  } else {
    state_->limiter.gone();
  }
  state_->peers.erase(found);
}

void PeerWatch::tick() {
  const TimePoint now = node_.system().clock.now();
  for (const auto& [id, peer] : state_->peers) {
    if (now - peer.since >= kPeerPatience) state_->tell_connected(id);
  }
  state_->tell_counts(state_->limiter.take(now));
}

std::size_t PeerWatch::peers() const {
  return state_->peers.size();
}

std::uint64_t PeerWatch::arrivals() const {
  return state_->arrivals;
}

void tell_sent(Output& output, const service::SentToPeer& sent) {
  output.news({{"event", "sent"},
               {"peer_id", sent.peer.to_string()},
               {"bytes", sent.bytes},
               {"complete", sent.complete}});
  output.news(sent.complete ? fmt::format("{} finished downloading, {} sent", short_name(sent.peer),
                                          format_size(sent.bytes))
                            : fmt::format("{} disconnected after {}", short_name(sent.peer),
                                          format_size(sent.bytes)));
}

void tell_sending(Output& output, PeerWatch& peers, const service::Share& share, RateMeter& rate,
                  const std::string& name, TimePoint now) {
  peers.tick();
  const std::uint64_t sent = share.bytes_sent() + share.bytes_leaving();
  rate.update(now, sent);
  // A log is not told over and over that nothing happens.
  if (!output.interactive() && rate.rate() == 0) return;
  output.progress({.name = name,
                   .bytes_done = sent,
                   .bytes_total = 0,
                   .rate = rate.rate(),
                   .rest = std::nullopt,
                   .peers = peers.peers(),
                   .path = peers.paths().in_a_word(),
                   .what = "sent",
                   .waiting = peers.peers() == 0 ? "waiting for a peer" : ""},
                  now);
}

}  // namespace shoal::cli
