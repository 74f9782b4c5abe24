#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "format/multihash.h"
#include "protocol/kad/finder.h"
#include "protocol/kad/lookup.h"
#include "system/event.h"
#include "system/task_group.h"

namespace shoal::kad {

/// Puts records on the peers closest to their keys.
///
/// The spec gives ADD_PROVIDER no answer. A GET_PROVIDERS behind it on the same stream, which is
/// served after it, shows that the record is there. Peers that surely are among the closest get it
/// while the lookup is still under way.
class Publisher {
 public:
  /// Peers known to have the record when provide() and put_value() return; the rest of
  /// kReplication get it in the background. A lookup asks all of the closest that answer, so one of
  /// them that stays would do.
  static constexpr std::size_t kEnoughHolders = 4;
  /// Peers that get one record, where so many lie within the radius (Rules::radius): more than 20
  /// do when somebody makes ids near the key.
  static constexpr std::size_t kMaxHolders = 5 * kReplication;
  /// Records for one peer that go over one stream at once.
  static constexpr std::size_t kMaxBatch = 64;
  /// Requests at once, of all calls; further records wait.
  static constexpr std::size_t kMaxStores = 256;

  /// `addresses`: where others reach us, without /p2p. Borrows the context for its life; stop()
  /// must have returned before it is destroyed.
  Publisher(LookupContext& context, std::function<std::vector<Multiaddr>()> addresses);

  /// Announces that we have `content`. The number of peers that surely know by now; 0 when nobody
  /// could be reached.
  Task<std::size_t> provide(Multihash content);
  /// The same for a value, which peers check by rules of their own.
  Task<std::size_t> put_value(Bytes key, Bytes value);
  /// Puts a value on these, in the background.
  void put_value_on(std::vector<PeerId> peers, Bytes key, Bytes value);

  /// Announces several to one peer; whether it has taken them.
  Task<bool> announce(PeerId peer, std::vector<Multihash> contents);

  std::size_t store_count() const { return running_; }
  /// Returns when what goes on in the background is done.
  Task<void> settle() { return stores_.join(); }
  Task<void> stop() { return stores_.stop(); }

 private:
  struct Spread;
  struct Looking;
  struct Store;

  void start(const std::shared_ptr<Spread>& spread, std::size_t count);
  Task<std::size_t> spread(Bytes key, std::vector<Message> messages);
  Task<void> look_and_store(std::unique_ptr<Looking> looking, Bytes key);
  std::optional<Key> region() const;
  Task<void> store_on_next(std::unique_ptr<Store> counted);
  Task<bool> store(PeerId peer, std::vector<Message> messages);
  Message add_provider(const Multihash& content) const;

  LookupContext& context_;
  const std::function<std::vector<Multiaddr>()> addresses_;
  std::size_t running_ = 0;
  Event store_ended_;
  TaskGroup stores_;
};

}  // namespace shoal::kad
