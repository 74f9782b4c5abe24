#include "net/swarm/dial_order.h"

#include <algorithm>
#include <utility>

#include "net/path.h"

namespace shoal::net {

namespace {

using Addresses = std::vector<KnownAddress>;

/// Lower is dialled earlier.
std::pair<bool, Path> dial_class(const KnownAddress& known) {
  return {known.source != AddressSource::given_by_user, path_of(known.address)};
}

bool is_quic(const KnownAddress& known) {
  return known.address.has(AddressCode::quic_v1) || known.address.has(AddressCode::quic);
}

/// Encrypts twice, or through a proxy: for where nothing else passes.
bool is_websocket(const KnownAddress& known) {
  return known.address.has(AddressCode::ws) || known.address.has(AddressCode::wss);
}

bool is_v6(const KnownAddress& known) {
  const auto ip = known.address.ip();
  return ip && ip->is_v6();
}

Addresses take_turns(const Addresses& first, const Addresses& second) {
  Addresses out;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < second.size()) out.push_back(second[i]);
  }
  return out;
}

Addresses families_in_turn(const Addresses& addresses) {
  Addresses six, four;
  for (const KnownAddress& known : addresses) (is_v6(known) ? six : four).push_back(known);
  return take_turns(six, four);
}

}  // namespace

std::vector<KnownAddress> in_dial_order(std::vector<KnownAddress> addresses) {
  std::ranges::stable_sort(addresses, {}, dial_class);
  Addresses out;
  for (auto from = addresses.begin(); from != addresses.end();) {
    const auto wanted = dial_class(*from);
    Addresses quic, web, other;
    for (; from != addresses.end() && dial_class(*from) == wanted; ++from) {
      (is_quic(*from) ? quic : is_websocket(*from) ? web : other).push_back(*from);
    }
    const Addresses turns = take_turns(families_in_turn(quic), families_in_turn(other));
    out.insert(out.end(), turns.begin(), turns.end());
    const Addresses last = families_in_turn(web);
    out.insert(out.end(), last.begin(), last.end());
  }
  return out;
}

}  // namespace shoal::net
