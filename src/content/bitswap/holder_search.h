#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>

#include "content/bitswap/message.h"
#include "format/peer_id.h"

namespace shoal::content::bitswap {

class Client;

/// Asks every connected peer whether it has a block, which is not fetched. Shared by its client and
/// by whoever wants to know; the client lets go of it when that one has.
class HolderSearch {
 public:
  HolderSearch(Client& client, std::uint64_t id, Cid cid, std::function<void(const PeerId&)> found);

  void start();
  void end();
  void connected(const PeerId& peer);
  void presence(const PeerId& from, const Presence& presence);

 private:
  Client& client_;
  const std::uint64_t id_;  // among the sessions of the client
  const Cid cid_;
  const std::function<void(const PeerId&)> found_;
  std::set<PeerId> asked_;
  std::set<PeerId> told_;
};

}  // namespace shoal::content::bitswap
