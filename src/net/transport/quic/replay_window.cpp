#include "net/transport/quic/replay_window.h"

#include "base/error.h"

namespace shoal::quic {

ReplayWindow::ReplayWindow() {
  if (gnutls_anti_replay_init(&native_) < 0) {
    throw Error(ErrorCode::failed, "TLS for QUIC: no memory");
  }
  gnutls_anti_replay_set_ptr(native_, this);
  gnutls_anti_replay_set_add_function(
      native_, [](void* self, std::time_t expires, const gnutls_datum_t* key,
                  const gnutls_datum_t*) noexcept {
        try {
          const bool is_first = static_cast<ReplayWindow*>(self)->take({key->data, key->size},
                                                                       expires, std::time(nullptr));
          return is_first ? 0 : GNUTLS_E_DB_ENTRY_EXISTS;
        } catch (...) {
          return GNUTLS_E_DB_ENTRY_EXISTS;
        }
      });
}

bool ReplayWindow::take(ByteView key, std::time_t expires, std::time_t now) {
  while (!by_expiry_.empty() && by_expiry_.begin()->first < now) {
    keys_.erase(by_expiry_.begin()->second);
    by_expiry_.erase(by_expiry_.begin());
  }
  if (keys_.size() == kMaxReplayKeys) return false;
  const auto [place, is_new] = keys_.insert(to_bytes(key));
  if (is_new) by_expiry_.emplace(expires, place);
  return is_new;
}

}  // namespace shoal::quic
