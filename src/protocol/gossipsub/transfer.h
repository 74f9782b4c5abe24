#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "format/peer_id.h"
#include "protocol/gossipsub/manifest.h"
#include "protocol/gossipsub/message.h"
#include "system/random.h"
#include "system/time.h"

namespace shoal::gossipsub {

/// One large message that goes through this node in pieces: which are here, who has which, and of
/// whom the others were requested. Does not know what is allowed; Pieces decides.
class Transfer {
 public:
  /// Pieces requested of one peer and not here yet.
  static constexpr std::size_t kWindow = 4;
  /// How often one peer is sent the same piece.
  static constexpr unsigned kMaxSends = 2;
  /// A request of a peer that delivers nothing for so long goes to another.
  static constexpr Duration kStall = 2s;

  struct Holder {
    std::vector<bool> has{};
    std::vector<std::uint8_t> sent{};  // to it
    std::size_t outstanding = 0;
    std::size_t supplied = 0;
    TimePoint progress{};
    bool knows_manifest = false;
    bool stalled = false;
    bool blamed = false;  // for having stalled once
  };

  Transfer(std::shared_ptr<const Manifest> manifest, Bytes encoded, PeerId introduced_by,
           TimePoint now);

  const Manifest& manifest() const { return *manifest_; }
  const std::shared_ptr<const Manifest>& shared_manifest() const { return manifest_; }
  const Bytes& encoded() const { return encoded_; }
  const PeerId& introduced_by() const { return introduced_by_; }
  TimePoint begun_at() const { return begun_at_; }

  Holder& holder(const PeerId& peer);
  std::map<PeerId, Holder>& holders() { return holders_; }
  const std::map<PeerId, Holder>& holders() const { return holders_; }
  void forget(const PeerId& peer);

  bool has(std::uint32_t index) const { return have_[index]; }
  bool is_complete() const { return have_count_ == have_.size(); }
  std::size_t have_count() const { return have_count_; }
  /// In range and with the right hash.
  bool fits(std::uint32_t index, ByteView data) const;
  /// Must fit.
  void store(std::uint32_t index, ByteView data, const PeerId& from, TimePoint now);
  /// All pieces, in order. Must be complete; pieces come from complete_with() after that.
  Bytes take_data() { return std::move(data_); }
  /// The message is here: all pieces are.
  void complete_with(MessagePtr message);
  const MessagePtr& message() const { return message_; }
  /// One that is here.
  ByteView piece(std::uint32_t index) const;
  std::vector<std::uint32_t> all_indexes() const;

  /// What to request of `peer` now, as far as the window goes: pieces that few have come first.
  /// They count as requested.
  std::vector<std::uint32_t> request(const PeerId& peer, Random& random, TimePoint now);
  /// Gives up requests of peers that stall; those who do for the first time.
  std::vector<PeerId> give_up_stalled(TimePoint now);
  /// Whether anything is requested.
  bool is_waiting() const;
  /// Those who stalled get another chance.
  void forgive();
  /// Who supplied most, then the others who supplied any.
  std::vector<PeerId> suppliers() const;

  bool verified = false;  // the manifest's signature
  bool open = false;      // its pieces may be passed on
  bool wanted = true;     // false once the message came whole by another way
  TimePoint last_used{};

 private:
  struct Request {
    PeerId peer;
    TimePoint at;
  };
  void release(std::uint32_t index);

  const std::shared_ptr<const Manifest> manifest_;
  const Bytes encoded_;
  const PeerId introduced_by_;
  const TimePoint begun_at_;
  Bytes data_;
  std::vector<bool> have_;
  std::size_t have_count_ = 0;
  std::vector<std::optional<Request>> requested_;
  std::map<PeerId, Holder> holders_;
  MessagePtr message_;
};

}  // namespace shoal::gossipsub
