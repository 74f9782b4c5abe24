#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "lab/light_node.h"
#include "system/sim/random.h"
#include "system/sim/world.h"

namespace shoal::lab {

/// A DHT of up to tens of thousands of nodes. A node's routing table, lookups, server, records and
/// announcements are the production code. Its connections are modelled: no packets, no encryption;
/// a dial costs two round trips before the request and answer take one, whoever is gone does not
/// answer, and round trips lie between 20 and 190 ms by where both are.
///
/// Nodes begin with tables as if they had been there for long: up to 20 random peers of each
/// bucket. A node is made when it is first used, which changes nothing else.
class LightNet {
 public:
  LightNet(std::size_t nodes, std::uint64_t seed, kad::TableLimits limits = {});
  ~LightNet();
  LightNet(const LightNet&) = delete;
  LightNet& operator=(const LightNet&) = delete;

  std::size_t size() const { return members_.size(); }
  LightNode& node(std::uint32_t index);
  bool made(std::uint32_t index) const { return nodes_[index] != nullptr; }

  struct Newcomer {
    PeerId id;
    std::optional<IpAddress> address{};  // random when none
    /// Knows the others by an oracle, as those who were there from the start; else nobody.
    bool knows_all = false;
  };
  /// A node that no table has yet; its index.
  std::uint32_t add(Newcomer newcomer);

  const PeerId& id(std::uint32_t index) const { return members_[index].id; }
  const kad::Key& key(std::uint32_t index) const { return members_[index].key; }
  const IpAddress& address(std::uint32_t index) const { return members_[index].address; }
  const Multiaddr& multiaddr(std::uint32_t index) const { return members_[index].multiaddr; }
  std::optional<std::uint32_t> find(const PeerId& id) const;

  bool up(std::uint32_t index) const { return members_[index].up; }
  /// Goes without a word, or comes back with what it knew.
  void set_up(std::uint32_t index, bool up) { members_[index].up = up; }
  /// Nodes on different sides do not reach each other.
  void set_side(std::uint32_t index, unsigned side) { members_[index].side = side; }
  bool reaches(std::uint32_t from, std::uint32_t to) const;
  /// Round trips of a dial before those of the request. A whole node takes two by TCP (the muxer
  /// and the request ride on the last message of the security handshake:
  /// KadRpc.dials_once_and_reuses_the_stream), and one by QUIC
  /// (QuicStreams.connect_in_two_round_trips_and_prove_who_they_are).
  int dial_round_trips() const { return dial_round_trips_; }
  void dial_by_quic() { dial_round_trips_ = 1; }
  /// Of one request, with up to a tenth of jitter.
  Duration round_trip(std::uint32_t from, std::uint32_t to);

  /// Those that are up, nearest first.
  std::vector<std::uint32_t> closest(const kad::Key& target, std::size_t count) const;
  /// A node that is up, at random.
  std::uint32_t any_up();

  const kad::TableLimits& limits() const { return limits_; }
  sim::World& world() { return world_; }
  System& system() { return host_.system(); }
  sim::SeededRandom& random() { return random_; }

 private:
  struct Member {
    PeerId id;
    kad::Key key;
    IpAddress address;
    Multiaddr multiaddr;
    double x;  // milliseconds
    double y;
    bool up = true;
    unsigned side = 0;
  };

  std::uint32_t add_member(const PeerId& id, const std::optional<IpAddress>& address);
  void fill_table(LightNode& node);
  void offer_some(LightNode& node, std::span<const std::uint32_t> bucket,
                  sim::SeededRandom& random);

  const std::uint64_t seed_;
  const kad::TableLimits limits_;
  sim::World world_;
  sim::Host& host_;
  sim::SeededRandom random_;
  std::vector<Member> members_;
  std::vector<std::uint32_t> by_key_;  // those who were there from the start
  std::vector<bool> knows_all_;
  int dial_round_trips_ = 2;
  std::unordered_map<PeerId, std::uint32_t> index_;  // never iterated
  std::vector<std::unique_ptr<LightNode>> nodes_;
};

/// A peer id for each number, without the cost of a key.
PeerId light_peer(std::uint64_t seed, std::uint64_t number);

/// `count` peer ids whose keys share at least `bits` bits with `target`, found by trying.
std::vector<PeerId> peers_near(const kad::Key& target, std::size_t bits, std::size_t count,
                               std::uint64_t seed);

}  // namespace shoal::lab
