#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "protocol/gossipsub/actions.h"
#include "protocol/gossipsub/peers.h"
#include "protocol/gossipsub/score.h"
#include "protocol/gossipsub/transfer.h"

namespace shoal::gossipsub {

/// Large messages in pieces, between peers that speak the extension:
/// docs/gossipsub-trees.md.
///
/// The author's signed manifest goes through the mesh first. The author hands each piece to one of
/// its peers; from there pieces spread by "have" and "want", each over the ways that have room, and
/// each as soon as its hash was checked. What is passed on unverified: nothing but manifests' and
/// pieces' senders' own words.
class Pieces {
 public:
  /// Transfers known at once, finished ones among them; those go first when there are too many.
  static constexpr std::size_t kMaxTransfers = 64;
  /// Unfinished ones of one introducer, and of one author.
  static constexpr std::size_t kMaxPerPeer = 16;
  static constexpr std::size_t kMaxPerAuthor = 8;
  /// Of messages that are not whole yet.
  static constexpr std::size_t kMaxBytes = 32 * 1024 * 1024;
  /// Until a message that does not become whole is given up, and until one that is whole can no
  /// longer be had in pieces.
  static constexpr Duration kLifetime = 30s;
  static constexpr Duration kLinger = 10s;
  static constexpr Duration kTick = 250ms;
  /// When an author offers a piece to everybody: so long after one peer had it, or at the latest.
  static constexpr Duration kSeedDelay = 250ms;
  static constexpr Duration kSeedPatience = 1500ms;
  /// An author with fewer peers than this sends them all pieces.
  static constexpr std::size_t kFewPeers = 3;
  /// Authors whose pieces made a message with a wrong signature.
  static constexpr std::size_t kMaxDistrusted = 256;

  /// What became whole. Its suppliers, the most useful one first.
  struct Whole {
    MessagePtr message;
    std::vector<PeerId> suppliers;
  };

  /// Borrows all for its life.
  Pieces(const Parameters& parameters, PeerScore& score, Peers& peers, Random& random,
         ControlBatch& control, std::vector<Action>& actions);

  /// A manifest of a topic that is joined, whose message was not here yet. `open`: its pieces may
  /// be passed on before the message was validated.
  void offer(const PeerId& from, Manifest manifest, Bytes encoded, bool open, TimePoint now);
  /// The answer to VerifyManifest. `targets` get the manifest, when it is open.
  std::optional<Whole> verified(ManifestKey key, bool valid, const std::set<PeerId>& targets,
                                TimePoint now);
  std::shared_ptr<const Manifest> find(ManifestKey key) const;
  void handle_have(const PeerId& from, const PieceList& list, TimePoint now);
  void handle_want(const PeerId& from, const PieceList& list, TimePoint now);
  std::optional<Whole> handle_piece(const PeerId& from, const Piece& piece, TimePoint now);

  /// An own message with a manifest, to these peers.
  void publish(const MessagePtr& message, const std::set<PeerId>& targets, TimePoint now);
  /// A message was accepted: offered to these, when it has a manifest. Those of them who get it by
  /// pieces and need no copy.
  std::set<PeerId> accepted(const MessagePtr& message, const std::set<PeerId>& targets,
                            TimePoint now);
  /// The author signed both the pieces and a message that is not valid.
  void distrust(const MessagePtr& message);
  /// Whether the message comes in pieces.
  bool is_coming(const MessageId& id) const;
  /// Answers an IWANT by an offer of the pieces, when they are here.
  bool offer_again(const PeerId& peer, const MessageId& id);

  /// Whether an own message has pieces that this peer was neither sent nor said to have.
  bool is_owed(const PeerId& peer) const;

  void disconnected(const PeerId& peer);
  void tick(TimePoint now);
  std::optional<TimePoint> next_due() const;
  std::size_t size() const { return transfers_.size(); }
  /// Pieces that came again, or that nobody here waited for.
  std::uint64_t duplicates() const { return duplicates_; }

 private:
  struct Entry {
    Transfer transfer;
    bool own = false;
    std::vector<std::optional<TimePoint>> confirmed{};  // of an own one: some peer has the piece
    std::vector<bool> announced{};                      // of an own one, to all
  };
  using Transfers = std::map<ManifestKey, Entry>;

  bool has_room(const PeerId& from, const Manifest& manifest);
  void request(ManifestKey key, Transfer& transfer, const PeerId& peer, TimePoint now);
  void request_all(ManifestKey key, Transfer& transfer, TimePoint now);
  void tell_manifest(Transfer& transfer, const PeerId& peer);
  void tell_have(ManifestKey key, const Transfer& transfer, const PeerId& peer,
                 const std::vector<std::uint32_t>& indexes);
  void tell_all_have(ManifestKey key, const Transfer& transfer,
                     const std::vector<std::uint32_t>& indexes);
  void send(ManifestKey key, Transfer& transfer, const PeerId& peer, std::uint32_t index);
  void seed(ManifestKey key, Entry& entry, const std::vector<PeerId>& peers);
  void announce_seeded(ManifestKey key, Entry& entry, TimePoint now);
  std::optional<Whole> assemble(ManifestKey key);
  void distrust_author(const Bytes& author);
  bool is_distrusted(const Bytes& author) const;
  Transfers::iterator find_message(const MessageId& id);
  bool may_talk_to(const PeerId& peer) const;
  static bool is_made_of(const Transfer& transfer, const MessagePtr& message);

  const Parameters& parameters_;
  PeerScore& score_;
  Peers& peers_;
  Random& random_;
  ControlBatch& control_;
  std::vector<Action>& actions_;
  Transfers transfers_;
  std::deque<Bytes> distrusted_;  // authors, the latest last
  std::optional<TimePoint> next_tick_;
  std::uint64_t duplicates_ = 0;
};

}  // namespace shoal::gossipsub
