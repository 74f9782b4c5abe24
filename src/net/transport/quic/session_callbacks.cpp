#include "net/transport/quic/session_callbacks.h"

#include "net/transport/quic/session.h"

namespace shoal::quic {

/// C calls these, so no exception may leave one: it ends the connection instead.
struct Callbacks {
  template <class Action>
  static int guarded(void* user, Action action) noexcept {
    auto& session = *static_cast<Session*>(user);
    try {
      action(session);
      return 0;
    } catch (...) {
      session.failure_ = std::current_exception();
      return NGTCP2_ERR_CALLBACK_FAILURE;
    }
  }

  static int stream_open(ngtcp2_conn*, std::int64_t id, void* user) {
    return guarded(user, [id](Session& self) { self.on_opened(id); });
  }

  static int data(ngtcp2_conn*, std::uint32_t flags, std::int64_t, std::uint64_t,
                  const std::uint8_t* bytes, std::size_t count, void* user, void* stream) {
    return guarded(user, [=](Session& self) {
      const bool end = (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
      if (stream != nullptr) self.on_data(*static_cast<StreamState*>(stream), {bytes, count}, end);
    });
  }

  static int acknowledged(ngtcp2_conn*, std::int64_t, std::uint64_t offset, std::uint64_t count,
                          void* user, void* stream) {
    return guarded(user, [=](Session& self) {
      if (stream == nullptr) return;
      self.on_acknowledged(*static_cast<StreamState*>(stream), offset + count);
    });
  }

  static int stream_close(ngtcp2_conn*, std::uint32_t, std::int64_t, std::uint64_t, void* user,
                          void* stream) {
    return guarded(user, [=](Session& self) {
      if (stream != nullptr) self.on_closed(*static_cast<StreamState*>(stream));
    });
  }

  static int stream_reset(ngtcp2_conn*, std::int64_t, std::uint64_t, std::uint64_t, void* user,
                          void* stream) {
    return guarded(user, [=](Session& self) {
      if (stream == nullptr) return;
      self.events_.reset(*static_cast<StreamState*>(stream), "the peer reset the stream");
    });
  }

  static int more_credit(ngtcp2_conn*, std::int64_t, std::uint64_t, void* user, void* stream) {
    return guarded(user, [=](Session& self) {
      if (stream == nullptr) return;
      auto& state = *static_cast<StreamState*>(stream);
      state.blocked = false;
      if (self.has_something(state)) self.queue(state);
      self.wake_writer(state);
    });
  }

  static int more_streams(ngtcp2_conn*, std::uint64_t, void* user) {
    return guarded(user, [](Session& self) { self.events_.may_open(); });
  }

  static int new_id(ngtcp2_conn*, ngtcp2_cid* id, std::uint8_t* token, std::size_t length,
                    void* user) {
    return guarded(user, [=](Session& self) { self.make_id(*id, token, length); });
  }

  static int remove_id(ngtcp2_conn*, const ngtcp2_cid* id, void* user) {
    return guarded(user, [id](Session& self) { self.events_.remove_id(id_bytes(*id)); });
  }

  static int peer_id_status(ngtcp2_conn*, native::ConnectionIdStatus status, std::uint64_t,
                            const ngtcp2_cid*, const std::uint8_t* token, void* user) {
    return guarded(user, [=](Session& self) {
      if (token == nullptr) return;
      const ByteView bytes(token, NGTCP2_STATELESS_RESET_TOKENLEN);
      if (status == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE) {
        self.events_.add_reset_token(bytes);
      } else {
        self.events_.remove_reset_token(bytes);
      }
    });
  }

  static int handshake_over(ngtcp2_conn*, void* user) {
    return guarded(user, [](Session& self) { self.on_handshake_over(); });
  }

  static int challenge(ngtcp2_conn*, std::uint8_t* data, void* user) {
    return guarded(user, [data](Session& self) {
      self.config_.random->fill({data, NGTCP2_PATH_CHALLENGE_DATALEN});
    });
  }

  static void random(std::uint8_t* into, std::size_t count, const ngtcp2_rand_ctx* context) {
    static_cast<Random*>(context->native_handle)->fill({into, count});
  }
};

const ngtcp2_callbacks& callbacks() {
  static const ngtcp2_callbacks made = [] {
    ngtcp2_callbacks out{};
    out.client_initial = ngtcp2_crypto_client_initial_cb;
    out.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
    out.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb;
    out.encrypt = ngtcp2_crypto_encrypt_cb;
    out.decrypt = ngtcp2_crypto_decrypt_cb;
    out.hp_mask = ngtcp2_crypto_hp_mask_cb;
    out.recv_retry = ngtcp2_crypto_recv_retry_cb;
    out.update_key = ngtcp2_crypto_update_key_cb;
    out.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
    out.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
    out.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
    out.handshake_completed = Callbacks::handshake_over;
    out.stream_open = Callbacks::stream_open;
    out.recv_stream_data = Callbacks::data;
    out.acked_stream_data_offset = Callbacks::acknowledged;
    out.stream_close = Callbacks::stream_close;
    out.stream_reset = Callbacks::stream_reset;
    out.extend_max_stream_data = Callbacks::more_credit;
    out.extend_max_local_streams_bidi = Callbacks::more_streams;
    out.get_new_connection_id = Callbacks::new_id;
    out.remove_connection_id = Callbacks::remove_id;
    out.dcid_status = Callbacks::peer_id_status;
    out.get_path_challenge_data = Callbacks::challenge;
    out.rand = Callbacks::random;
    return out;
  }();
  return made;
}

}  // namespace shoal::quic
