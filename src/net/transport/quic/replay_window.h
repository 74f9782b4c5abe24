#pragma once

#include <gnutls/gnutls.h>

#include <cstddef>
#include <ctime>
#include <map>
#include <set>

#include "base/bytes.h"
#include "net/transport/quic/limits.h"

namespace shoal::quic {

/// The first messages that began to speak before the handshake lately, so that none is taken twice
/// (RFC 8446, section 8.2). When it is full, nobody may begin early until the oldest have expired:
/// their handshakes go on, they just take a round trip more.
class ReplayWindow {
 public:
  ReplayWindow();
  ~ReplayWindow() { gnutls_anti_replay_deinit(native_); }
  ReplayWindow(const ReplayWindow&) = delete;
  ReplayWindow& operator=(const ReplayWindow&) = delete;

  gnutls_anti_replay_t native() const { return native_; }
  /// Whether it is the first one of this `key`, and there is room for it.
  bool take(ByteView key, std::time_t expires, std::time_t now);

 private:
  gnutls_anti_replay_t native_ = nullptr;
  std::set<Bytes> keys_;
  std::multimap<std::time_t, std::set<Bytes>::iterator> by_expiry_;
};

}  // namespace shoal::quic
