#include "content/bitswap/holder_search.h"

#include <utility>

#include "content/bitswap/client.h"

namespace shoal::content::bitswap {

HolderSearch::HolderSearch(Client& client, std::uint64_t id, Cid cid,
                           std::function<void(const PeerId&)> found)
    : client_(client), id_(id), cid_(std::move(cid)), found_(std::move(found)) {}

void HolderSearch::start() {
  for (const net::Connection* open : client_.swarm().connections().all()) connected(open->peer());
}

void HolderSearch::end() {
  for (const PeerId& peer : asked_) client_.set_want(peer, id_, cid_, Ask::nothing, 0, false);
  asked_.clear();
}

void HolderSearch::connected(const PeerId& peer) {
  asked_.insert(peer);
  client_.set_want(peer, id_, cid_, Ask::have, 0, false);
}

void HolderSearch::presence(const PeerId& from, const Presence& presence) {
  if (!presence.have || presence.cid.hash() != cid_.hash() || !asked_.contains(from)) return;
  if (told_.insert(from).second) found_(from);
}

}  // namespace shoal::content::bitswap
