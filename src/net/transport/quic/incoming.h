#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "net/transport/quic/packet_socket.h"
#include "net/transport/transport.h"

namespace shoal::quic {

/// What a client's first packet says, once it may begin a handshake.
struct FirstPacket {
  ngtcp2_cid client_id{};
  ngtcp2_cid initial_id{};
  /// Before a Retry, by the token that came back.
  std::optional<ngtcp2_cid> original_id{};
  Bytes token{};
};

/// A connection that came in: the first packets of a client, until somebody begins the handshake.
/// Going away before that refuses it.
class QuicIncoming final : public net::Incoming, public Carried {
 public:
  /// Of one client: a first message with a large key takes two.
  static constexpr std::size_t kMaxPackets = 4;

  QuicIncoming(PacketSocket& socket, FirstPacket first, const DatagramSocket::Received& about);
  ~QuicIncoming() override;

  Multiaddr remote() const override;
  Task<net::Link> upgrade() override;

  void receive(ByteView packet, const DatagramSocket::Received& about) override;
  void flush() override {}

 private:
  struct Kept {
    Bytes packet;
    DatagramSocket::Received about;
  };
  void leave();
  void refuse();

  PacketSocket& socket_;
  const FirstPacket first_;
  const DatagramSocket::Received about_;
  std::vector<Kept> packets_;
  std::shared_ptr<void> handshake_;
  bool begun_ = false;
  bool left_ = false;
};

}  // namespace shoal::quic
