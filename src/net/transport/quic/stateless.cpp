#include <algorithm>
#include <array>

#include "net/transport/quic/incoming.h"
#include "net/transport/quic/packet_socket.h"
#include "net/transport/quic/session.h"

namespace shoal::quic {

namespace {

constexpr std::size_t kMinInitialBytes = 1200;
/// A stateless reset looks like any short packet, and is shorter than what it answers, so that two
/// that have both forgotten a connection do not answer each other for ever (RFC 9000, section
/// 10.3).
constexpr std::size_t kMinReset = 5 + NGTCP2_STATELESS_RESET_TOKENLEN;
constexpr std::size_t kMaxReset = 43;
/// The shortest packets that peers send are longer than this.
constexpr std::size_t kMinAnswered = kMinReset + 8;
constexpr std::uint8_t kLongHeader = 0x80;
constexpr std::uint8_t kRetryToken = 0xb6;
constexpr std::uint64_t kTokenLifetime = 10'000'000'000;  // ns

std::optional<ngtcp2_cid> original_id_of(ByteView token, ByteView secret,
                                         const ngtcp2_pkt_hd& header, const NativeAddress& from,
                                         std::uint64_t now) {
  ngtcp2_cid original{};
  const int result = ngtcp2_crypto_verify_retry_token(
      &original, token.data(), token.size(), secret.data(), secret.size(), header.version,
      from.address(), from.size(), &header.dcid, kTokenLifetime, now);
  if (result != 0) return std::nullopt;
  return original;
}

}  // namespace

std::uint64_t PacketSocket::now_stamp() const {
  return static_cast<std::uint64_t>(shared_.system.clock.now().time_since_epoch().count());
}

bool PacketSocket::may_answer() {
  return answers_.take(shared_.system.clock.now().time_since_epoch());
}

void PacketSocket::take_unknown(ByteView packet, const ngtcp2_version_cid& ids,
                                const DatagramSocket::Received& about) {
  if ((packet[0] & kLongHeader) != 0) {
    if (accepting_) take_initial(packet, about);
    return;
  }
  // A stateless reset bears no id that we know: it is told by how it ends.
  if (packet.size() >= kMinReset) {
    const auto found = reset_tokens_.find(packet.last(NGTCP2_STATELESS_RESET_TOKENLEN));
    if (found != reset_tokens_.end()) return give(*found->second, packet, about);
  }
  answer_reset(packet, ids, about);
}

/// Nothing is kept of a client before it was decided that it may begin: its address is proved
/// where many begin at once.
void PacketSocket::take_initial(ByteView packet, const DatagramSocket::Received& about) {
  ngtcp2_pkt_hd header{};
  if (ngtcp2_accept(&header, packet.data(), packet.size()) != 0) return;
  if (header.version != NGTCP2_PROTO_VER_V1) return;
  if (unaccepted_.size() >= kMaxUnaccepted) return;
  FirstPacket first{.client_id = header.scid, .initial_id = header.dcid};
  const ByteView token = native::token_of(header);
  const bool is_retry = !token.empty() && token[0] == kRetryToken;
  if (is_retry) {
    const NativeAddress from(about.from);
    first.original_id = original_id_of(token, secret_, header, from, now_stamp());
    if (!first.original_id) return;
    first.token = to_bytes(token);
  } else if (handshakes_ >= kHandshakesBeforeRetry) {
    return answer_retry(header, about);
  }
  auto incoming = std::make_unique<QuicIncoming>(*this, std::move(first), about);
  incoming->receive(packet, about);
  unaccepted_.push_back(std::move(incoming));
  accepted_.notify_one();
}

void PacketSocket::answer_version(const ngtcp2_version_cid& ids,
                                  const DatagramSocket::Received& about) {
  if (!accepting_ || about.bytes < kMinInitialBytes || !may_answer()) return;
  std::array<std::uint8_t, 64> out{};
  const std::uint32_t known = NGTCP2_PROTO_VER_V1;
  const auto unused = static_cast<std::uint8_t>(shared_.system.random.below(256));
  const ngtcp2_ssize bytes = ngtcp2_pkt_write_version_negotiation(
      out.data(), out.size(), unused, ids.scid, ids.scidlen, ids.dcid, ids.dcidlen, &known, 1);
  if (bytes > 0) {
    send(about.from, ByteView(out).first(static_cast<std::size_t>(bytes)), {.from = about.to});
  }
}

void PacketSocket::answer_reset(ByteView packet, const ngtcp2_version_cid& ids,
                                const DatagramSocket::Received& about) {
  if (packet.size() <= kMinAnswered || !may_answer()) return;
  ngtcp2_cid id{};
  ngtcp2_cid_init(&id, ids.dcid, ids.dcidlen);
  std::array<std::uint8_t, NGTCP2_STATELESS_RESET_TOKENLEN> token{};
  ngtcp2_crypto_generate_stateless_reset_token(token.data(), secret_.data(), secret_.size(), &id);
  const std::size_t size = std::min(packet.size() - 1, kMaxReset);
  const Bytes noise = shared_.system.random.bytes(size - token.size());
  std::array<std::uint8_t, kMaxReset> out{};
  const ngtcp2_ssize bytes =
      ngtcp2_pkt_write_stateless_reset(out.data(), size, token.data(), noise.data(), noise.size());
  if (bytes > 0) {
    send(about.from, ByteView(out).first(static_cast<std::size_t>(bytes)), {.from = about.to});
  }
}

void PacketSocket::answer_retry(const ngtcp2_pkt_hd& header,
                                const DatagramSocket::Received& about) {
  if (!may_answer()) return;
  const NativeAddress from(about.from);
  ngtcp2_cid id{};
  id.datalen = Session::kIdBytes;
  shared_.system.random.fill({id.data, id.datalen});
  std::array<std::uint8_t, NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN> token{};
  const ngtcp2_ssize length = ngtcp2_crypto_generate_retry_token(
      token.data(), secret_.data(), secret_.size(), header.version, from.address(), from.size(),
      &id, &header.dcid, now_stamp());
  if (length < 0) return;
  std::array<std::uint8_t, 256> out{};
  const ngtcp2_ssize bytes =
      ngtcp2_crypto_write_retry(out.data(), out.size(), header.version, &header.scid, &id,
                                &header.dcid, token.data(), static_cast<std::size_t>(length));
  if (bytes > 0) {
    send(about.from, ByteView(out).first(static_cast<std::size_t>(bytes)), {.from = about.to});
  }
}

}  // namespace shoal::quic
