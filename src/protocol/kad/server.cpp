#include "protocol/kad/server.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/error.h"

namespace shoal::kad {
namespace {

Message answer_to(const Message& request) {
  Message out;
  out.type = request.type;
  out.key = request.key;
  return out;
}

void check_request_key(const Message& request) {
  if (request.type == MessageType::ping) return;
  if (request.type == MessageType::put_value && request.key.empty()) return;  // see put_value()
  if (!request.key.empty() && request.key.size() <= kMaxKeyBytes) return;
  throw Error(ErrorCode::malformed, "request to the DHT without a key, or with one too long");
}

std::optional<PeerId> peer_named_by(const Bytes& key) {
  try {
    return PeerId::decode(key);
  } catch (const Error&) {
    return std::nullopt;  // any point may be asked for
  }
}

std::vector<Multiaddr> first_addresses(const std::vector<Multiaddr>& addresses,
                                       std::size_t max_bytes) {
  std::vector<Multiaddr> out;
  std::size_t bytes = 0;
  for (const Multiaddr& address : addresses) {
    bytes += address.encoded().size();
    if (out.size() == PeerInfo::kMaxAddresses || bytes > max_bytes) break;
    out.push_back(address);
  }
  return out;
}

void shorten_addresses(std::vector<PeerInfo>& peers, std::size_t max_bytes) {
  for (PeerInfo& peer : peers) peer.addresses = first_addresses(peer.addresses, max_bytes);
}

/// Fewer addresses of each first: sixty peers with one take 4 KiB.
Message fitting(Message answer) {
  for (const std::size_t address_bytes : {512, 256, 128, 64}) {
    if (answer.encode().size() <= Server::kMaxAnswerBytes) return answer;
    shorten_addresses(answer.closer, address_bytes);
    shorten_addresses(answer.providers, address_bytes);
  }
  while (answer.encode().size() > Server::kMaxAnswerBytes && !answer.providers.empty()) {
    answer.providers.pop_back();
  }
  return answer;
}

}  // namespace

Server::Server(PeerId self, State state, AddressesOf addresses_of, Random& random, Scope scope)
    : self_(std::move(self)),
      state_(state),
      addresses_of_(std::move(addresses_of)),
      random_(random),
      scope_(scope) {}

Duration Server::admit(const PeerId& from, TimePoint now) {
  const std::optional<Duration> wait = limiter_.admit(from, now);
  if (!wait) throw Error(ErrorCode::limit, "too many requests to the DHT", from.to_string());
  return *wait;
}

std::optional<Message> Server::answer(const Message& request, const PeerId& from,
                                      const Multiaddr& remote, TimePoint now) {
  check_request_key(request);
  switch (request.type) {
    case MessageType::find_node:
      return fitting(find_node(request, from));
    case MessageType::get_providers:
      return fitting(get_providers(request, from, now));
    case MessageType::add_provider:
      add_provider(request, from, remote, now);
      return std::nullopt;
    case MessageType::get_value:
      return fitting(get_value(request, from, now));
    case MessageType::put_value:
      return put_value(request, remote, now);
    case MessageType::ping:
      return answer_to(request);
  }
  throw Error(ErrorCode::malformed, "request to the DHT of an unknown type");
}

/// A peer that is asked for by its id is named whether or not it serves the DHT, as long as there
/// is an address: that is how everybody is found.
Message Server::find_node(const Message& request, const PeerId& from) const {
  Message out = answer_to(request);
  out.key.clear();
  const std::optional<PeerId> target = peer_named_by(request.key);
  if (target) {
    std::vector<Multiaddr> addresses = usable(addresses_of_(*target));
    if (!addresses.empty()) out.closer.push_back({*target, std::move(addresses), 0});
  }
  for (PeerInfo& peer : closer(request, from, target)) out.closer.push_back(std::move(peer));
  if (out.closer.size() > kMaxCloser) out.closer.pop_back();
  return out;
}

/// Beginning anywhere among them, so that those who ask spread over all providers.
Message Server::get_providers(const Message& request, const PeerId& from, TimePoint now) {
  Message out = answer_to(request);
  std::vector<PeerInfo> providers = state_.providers.find(Key::of(request.key), now);
  if (providers.size() > Message::kMaxPeers) {
    const auto first = static_cast<std::ptrdiff_t>(random_.below(providers.size()));
    std::ranges::rotate(providers, providers.begin() + first);
    providers.erase(providers.begin() + Message::kMaxPeers, providers.end());
  }
  for (PeerInfo& provider : providers) {
    const bool known = !provider.addresses.empty();
    provider.addresses = usable(known ? provider.addresses : addresses_of_(provider.id));
  }
  out.providers = std::move(providers);
  out.closer = closer(request, from, std::nullopt);
  return out;
}

/// Records are not signed: only what the sender says of itself is taken.
void Server::add_provider(const Message& request, const PeerId& from, const Multiaddr& remote,
                          TimePoint now) {
  const auto own = std::ranges::find(request.providers, from, &PeerInfo::id);
  if (own == request.providers.end()) {
    throw Error(ErrorCode::malformed, "announces what others have", from.to_string());
  }
  state_.providers.add(Key::of(request.key), from, usable(own->addresses), IpGroup::of(remote),
                       now);
}

Message Server::get_value(const Message& request, const PeerId& from, TimePoint now) {
  Message out = answer_to(request);
  out.record = state_.values.get(request.key, now);
  out.closer = closer(request, from, std::nullopt);
  return out;
}

/// rust-libp2p names the key in the record alone.
Message Server::put_value(const Message& request, const Multiaddr& remote, TimePoint now) {
  if (!request.record || (!request.key.empty() && request.record->key != request.key)) {
    throw Error(ErrorCode::malformed, "PUT_VALUE without a record of this key");
  }
  state_.values.put(request.record->key, request.record->value, IpGroup::of(remote), now);
  Message out = answer_to(request);
  out.record = request.record;
  return out;
}

std::vector<PeerInfo> Server::closer(const Message& request, const PeerId& from,
                                     const std::optional<PeerId>& but) const {
  std::vector<PeerInfo> out;
  // Two more, in place of those that are left out.
  for (const auto& entry : state_.table.closest(Key::of(request.key), kMaxCloser + 2)) {
    if (entry.id == from || entry.id == self_ || entry.id == but) continue;
    std::vector<Multiaddr> addresses = usable(addresses_of_(entry.id));
    if (addresses.empty()) continue;
    out.push_back({entry.id, std::move(addresses), 0});
    if (out.size() == kMaxCloser) break;
  }
  return out;
}

std::vector<Multiaddr> Server::usable(const std::vector<Multiaddr>& addresses) const {
  if (scope_ == Scope::lan) return first_addresses(addresses, kMaxAddressBytes);
  std::vector<Multiaddr> out;
  std::ranges::copy_if(addresses, std::back_inserter(out), is_public);
  return first_addresses(out, kMaxAddressBytes);
}

}  // namespace shoal::kad
