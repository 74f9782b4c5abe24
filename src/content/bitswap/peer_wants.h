#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "content/bitswap/message.h"
#include "system/time.h"

namespace shoal::content::bitswap {

/// What one peer wants of us, and what of that is to be answered next. Sans-I/O.
///
///     want --- we have it ---> queued --- next_block() ---> sending --- sent() ---> gone
///      |                         ^                             |
///      +-- we lack it --> waiting +-- offer()                   |
///                            ^                                  |
///                            +------------ missing() -----------+
///
/// A HAVE that was asked for ends the want, too. To a peer that shares what it gets it is held back
/// until we can send the block soon, as Server decides: peers then ask whoever has time for them.
/// A want that is said again while its block is on
/// its way changes nothing: on a slow line peers lose patience (Kubo after 30 s). One that is
/// called off meanwhile counts until its way has ended, but is_wanted() no more.
///
/// Freed with the peer's last connection (CVE-2023-25568).
class PeerWants {
 public:
  static constexpr std::size_t kMaxWants = 1024;
  /// HAVE and DONT_HAVE that have not been taken yet; what is beyond is not said.
  static constexpr std::size_t kMaxPresences = 2048;
  /// Wants for what we lack cost a token each (GHSA-84x2-2qv6-qg56): far more than an honest peer
  /// asks.
  static constexpr double kTokens = 8 * 1024;
  static constexpr double kTokensPerSecond = 2048;

  /// HAVE is held back for blocks of at least so many bytes: a smaller one costs no more than the
  /// question for it.
  static constexpr std::uint64_t kMinHeldBytes = 16 * 1024;
  /// How long an offer that is neither taken nor declined counts as one, and how many are counted.
  static constexpr Duration kOfferTime = 1s;
  static constexpr std::size_t kMaxOffers = 128;

  /// None for what we lack.
  using SizeOf = std::function<std::optional<std::uint64_t>(const Multihash&)>;

  /// How many peers a block has been sent to.
  using CopiesOf = std::function<std::uint32_t(const Multihash&)>;

  explicit PeerWants(TimePoint now) : refilled_(now) {}

  /// From now on the block that has been sent least goes first: the peer shares what it gets.
  void send_rarest_first(CopiesOf copies);

  /// From now on it is told of blocks that we have with tell_held() only.
  void hold_haves() { holds_ = true; }

  /// Takes over the peer's words. More wants than kMaxWants push out one that waits for a block we
  /// lack, or are not taken.
  void receive(const Message& message, const SizeOf& size_of, TimePoint now);
  bool waits_for(const Multihash& hash) const;
  /// Whether its block is to be sent, and is not on its way.
  bool is_queued(const Multihash& hash) const;
  /// What it waits for, oldest first.
  std::vector<Multihash> waiting() const;
  /// A block has come.
  void offer(const Multihash& hash, std::uint64_t bytes);

  /// Whether its HAVE is held back, and how many are.
  bool is_held(const Multihash& hash) const { return held_.contains(hash); }
  std::size_t held() const { return held_.size(); }
  /// At most `count` of them, from the `first` in the order of their hashes.
  std::vector<Multihash> held(std::size_t first, std::size_t count) const;
  /// Says it: the block is offered until the peer asks for it, declines, or kOfferTime is over.
  void tell_held(const Multihash& hash, TimePoint now);
  std::size_t offered_bytes(TimePoint now);
  /// Smoothed time from an offer to its answer; 0 before the first.
  Duration answer_time() const { return answer_time_; }

  bool has_blocks() const { return !queue_.empty(); }
  bool has_presences() const { return !presences_.empty(); }
  /// Bytes of the block to send next: highest priority first, then the order of arrival.
  std::optional<std::uint64_t> next_bytes();
  /// How many peers have been sent the next block.
  std::uint32_t next_copies();
  /// Bytes of all blocks that are to be sent and are not on their way.
  std::size_t queued_bytes() const { return queued_bytes_; }
  /// Its way begins. It ends with sent(), also when it was left out because nobody wants it any
  /// more, or missing() for a block that is not there after all.
  std::optional<Cid> next_block();
  bool is_wanted(const Multihash& hash) const;
  void sent(const Multihash& hash);
  void missing(const Multihash& hash);
  /// What to say of other wants, oldest first: at most `count`.
  std::vector<Presence> take_presences(std::size_t count);

  std::size_t size() const { return wants_.size(); }
  /// Never more than kMaxPresences, however long the peer leaves them unread.
  std::size_t presence_count() const { return presences_.size(); }

 private:
  struct Want {
    Cid cid;
    WantType type;
    bool send_dont_have;
    std::int32_t priority;
    std::uint64_t order;
    std::uint32_t copies = 0;  // as it was ranked, while queued
    std::uint64_t bytes = 0;   // of the block, when we have it
    bool queued = false;
    bool sending = false;
    bool called_off = false;  // while sending
    bool told = false;        // a presence about it is on its way out
  };
  struct Offer {
    std::uint64_t bytes;
    TimePoint since;
  };
  struct Rank {
    std::uint32_t copies;
    std::int32_t priority;
    std::uint64_t order;
    bool operator<(const Rank& other) const {
      if (copies != other.copies) return copies < other.copies;
      return priority != other.priority ? priority > other.priority : order < other.order;
    }
  };
  // In order: whoever chooses the hashes could make them collide.
  using Wants = std::map<Multihash, Want>;
  using Queue = std::map<Rank, Multihash>;

  void add(const WantEntry& entry, const SizeOf& size_of);
  void answer(Wants::iterator want, std::optional<std::uint64_t> bytes);
  bool say(const Cid& cid, bool have);
  void cancel(const Multihash& hash);
  void erase(Wants::iterator want);
  void enqueue(Want& want);
  void clear();
  void end_offer(const Multihash& hash);
  /// Lets a block that was sent to others meanwhile give way.
  void settle_front();
  /// What goes next.
  Queue::iterator front();
  static Rank rank_of(const Want& want) { return {want.copies, want.priority, want.order}; }
  bool make_room();
  bool pay();
  void refill(TimePoint now);

  CopiesOf copies_;
  Wants wants_;
  Queue queue_;
  std::size_t queued_bytes_ = 0;
  std::map<std::uint64_t, Multihash> waiting_;  // by order of arrival
  std::map<Multihash, std::uint64_t> held_;     // with their bytes
  std::map<Multihash, Offer> offers_;           // that were told
  bool holds_ = false;
  Duration answer_time_{};
  std::vector<Presence> presences_;
  std::uint64_t next_order_ = 0;
  double tokens_ = kTokens;
  TimePoint refilled_;
};

}  // namespace shoal::content::bitswap
