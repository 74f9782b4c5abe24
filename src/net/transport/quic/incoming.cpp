#include "net/transport/quic/incoming.h"

#include <array>
#include <utility>

#include "base/error.h"
#include "net/transport/quic/quic_address.h"
#include "net/transport/quic/quic_muxer.h"

namespace shoal::quic {

namespace {

constexpr std::uint64_t kConnectionRefused = 2;  // RFC 9000, section 20.1

ByteView view(const ngtcp2_cid& id) {
  return {id.data, id.datalen};
}

}  // namespace

QuicIncoming::QuicIncoming(PacketSocket& socket, FirstPacket first,
                           const DatagramSocket::Received& about)
    : socket_(socket),
      first_(std::move(first)),
      about_(about),
      handshake_(socket.begin_handshake()) {
  socket_.add_id(view(first_.initial_id), *this);
}

QuicIncoming::~QuicIncoming() {
  leave();
  if (!begun_) refuse();
}

void QuicIncoming::leave() {
  if (std::exchange(left_, true)) return;
  socket_.remove_id(view(first_.initial_id));
  socket_.forget(*this, 0);
}

Multiaddr QuicIncoming::remote() const {
  return quic_address(about_.from);
}

void QuicIncoming::receive(ByteView packet, const DatagramSocket::Received& about) {
  if (packets_.size() < kMaxPackets) packets_.push_back({to_bytes(packet), about});
}

Task<net::Link> QuicIncoming::upgrade() {
  co_await socket_.shared().gate.enter(remote());
  begun_ = true;
  leave();
  auto muxer = std::make_unique<QuicMuxer>(socket_, first_, about_);
  muxer->hold_until_proven(std::move(handshake_));
  for (const Kept& kept : packets_) muxer->receive(kept.packet, kept.about);
  packets_.clear();
  socket_.must_flush(*muxer);
  co_await muxer->handshake();
  co_return make_link(std::move(muxer), remote());
}

/// So that the client need not wait to find out.
void QuicIncoming::refuse() {
  std::array<std::uint8_t, 256> out{};
  const ngtcp2_ssize bytes = ngtcp2_crypto_write_connection_close(
      out.data(), out.size(), NGTCP2_PROTO_VER_V1, &first_.client_id, &first_.initial_id,
      kConnectionRefused, nullptr, 0);
  if (bytes > 0) {
    socket_.send(about_.from, ByteView(out).first(static_cast<std::size_t>(bytes)),
                 {.from = about_.to});
  }
}

}  // namespace shoal::quic
