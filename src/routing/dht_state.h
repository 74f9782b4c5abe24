#pragma once

#include <string>

#include "protocol/kad/dht.h"
#include "system/system.h"

namespace shoal::routing {

/// What a node keeps of a DHT over restarts, in files of its folder: the peers of its table, the
/// records that it holds for others, and what of its own is announced.
class DhtState {
 public:
  static constexpr std::size_t kMaxFileBytes = std::size_t{256} << 20;

  /// Files begin with `folder`/`name`. What is missing there is looked for in `first_folder`: a
  /// node beside the first one of its home begins with what that has learnt. Borrows all for its
  /// life. An empty `folder` keeps nothing.
  DhtState(System& system, std::string folder, std::string first_folder, std::string name);

  /// Damaged files count as missing.
  void load(kad::Dht& dht);
  /// Off the event loop. A full disk is logged.
  Task<void> save_peers(const kad::Dht& dht);
  Task<void> save_records(kad::Dht& dht);

 private:
  std::optional<Bytes> read(const char* kind, bool own_only);
  Task<void> write(const char* kind, Bytes content);

  System& system_;
  const std::string folder_;
  const std::string first_folder_;
  const std::string name_;
  Bytes saved_peers_;
};

}  // namespace shoal::routing
