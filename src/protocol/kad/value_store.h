#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "protocol/kad/fair_shares.h"
#include "protocol/kad/message.h"
#include "protocol/kad/validator.h"
#include "system/time.h"

namespace shoal::kad {

/// The values of the DHT that this node keeps, for 48 h after they were last put (libp2p specs,
/// kad-dht: value storage). Bounded in bytes; when it is full, the IP group that put most loses its
/// largest value. Sans-I/O.
class ValueStore {
 public:
  static constexpr Duration kLifetime = 48h;
  static constexpr std::size_t kMaxBytes = 64 * 1024 * 1024;
  /// What a value takes beside its bytes.
  static constexpr std::size_t kOverheadBytes = 320;

  /// Borrows `validators` for its life.
  explicit ValueStore(const Validators& validators, std::size_t max_bytes = kMaxBytes)
      : validators_(validators), max_bytes_(max_bytes) {}

  /// `from` is the IP group of who puts it. Throws what Validators::validate throws, Error{refused}
  /// when a better value is here, and {limit} beyond Record's bounds.
  void put(const Bytes& key, const Bytes& value, const std::optional<IpGroup>& from, TimePoint now);
  /// None when there is none that is valid now.
  std::optional<Record> get(const Bytes& key, TimePoint now);

  /// Frees what has expired.
  void expire(TimePoint now);

  std::size_t size() const { return values_.size(); }
  std::size_t bytes_used() const { return shares_.total(); }

 private:
  struct Stored {
    Bytes value;
    std::optional<IpGroup> from;
    TimePoint put_at;
    std::uint64_t number = 0;
  };
  using Values = std::map<Bytes, Stored>;

  void keep(const Bytes& key, Stored stored);
  Values::iterator erase(Values::iterator found);
  bool evict_one();

  const Validators& validators_;
  const std::size_t max_bytes_;
  Values values_;
  std::map<std::uint64_t, Bytes> keys_;  // by number
  FairShares shares_;
  std::uint64_t next_number_ = 1;
};

}  // namespace shoal::kad
