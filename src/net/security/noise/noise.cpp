#include "net/security/noise/noise.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/security/noise/handshake.h"
#include "net/security/noise/receive_buffer.h"
#include "net/security/noise/transport.h"

namespace shoal::net {

namespace {

/// Frames sealed before they are handed on: enough to make a write worth its cost.
constexpr std::size_t kMaxSealedBytes = 4 * noise::kMaxFrameBytes;
/// What opening a frame costs beside its content, counted in bytes: length, tag and the cipher's
/// start.
constexpr std::size_t kFrameOverheadBytes = 64;
/// Frames without content one after another: nobody has a use for them.
constexpr std::size_t kMaxEmptyFrames = 32;

/// Lends what is written and read to the cipher; keeps no buffer while a reader waits in
/// wait_readable().
class NoiseStream final : public Stream {
 public:
  NoiseStream(std::unique_ptr<Stream> under, noise::HandshakeResult& keys)
      : under_(std::move(under)), sealer_(std::move(keys.send)), opener_(std::move(keys.receive)) {}

  Task<std::size_t> read_some(MutableBytes into) override {
    while (true) {
      const std::size_t taken = take_opened(into);
      if (taken > 0) co_return taken;
      const MutableBytes space = buffer_.space();
      const std::size_t got = co_await under_->read_some(space);
      if (got == 0 && buffer_.within_frame()) {
        throw Error(ErrorCode::closed, "the connection was cut short");
      }
      if (got == 0) co_return 0;
      buffer_.filled(got);
    }
  }

  Task<void> wait_readable() override {
    if (!opened_.empty() || sealed_ || buffer_.within_frame()) return Stream::wait_readable();
    buffer_ = noise::ReceiveBuffer();
    return under_->wait_readable();
  }

  Task<void> write(std::span<const ByteView> pieces) override {
    Gathered left(pieces);
    const std::size_t size =
        std::min(noise::FrameSealer::sealed_bytes(left.remaining_bytes()), kMaxSealedBytes);
    const auto sealed = std::make_unique_for_overwrite<std::uint8_t[]>(size);
    while (left.remaining_bytes() > 0) {
      const std::size_t count = sealer_.seal(left, MutableBytes(sealed.get(), size));
      const std::array<ByteView, 1> frames = {ByteView(sealed.get(), count)};
      co_await under_->write(frames);
    }
  }

  Task<void> close_write() override { return under_->close_write(); }
  void abort() noexcept override { under_->abort(); }
  std::size_t take_overhead_bytes() noexcept override { return std::exchange(overhead_bytes_, 0); }

 private:
  /// As much as is there and fits; frames that fit whole are opened where they are wanted.
  std::size_t take_opened(MutableBytes into) {
    std::size_t taken = 0;
    while (taken < into.size()) {
      const MutableBytes rest = into.subspan(taken);
      if (!opened_.empty()) {
        const std::size_t count = std::min(rest.size(), opened_.size());
        std::ranges::copy(opened_.first(count), rest.begin());
        opened_ = opened_.subspan(count);
        taken += count;
        continue;
      }
      if (!sealed_) sealed_ = buffer_.next_body();
      if (!sealed_) break;
      const std::size_t bytes = noise::FrameOpener::plaintext_bytes(sealed_->size());
      // A frame that does not fit behind others fits next time, and is not moved then.
      if (bytes > rest.size() && taken > 0) break;
      const MutableBytes body = *std::exchange(sealed_, std::nullopt);
      count_frame(bytes);
      if (bytes > rest.size()) {
        opened_ = opener_.open(body);
        continue;
      }
      opener_.open(body, rest.first(bytes));
      taken += bytes;
    }
    return taken;
  }

  void count_frame(std::size_t bytes) {
    overhead_bytes_ += kFrameOverheadBytes;
    empty_frames_ = bytes > 0 ? 0 : empty_frames_ + 1;
    if (empty_frames_ > kMaxEmptyFrames) {
      throw Error(ErrorCode::limit, "too many Noise frames without content");
    }
  }

  std::unique_ptr<Stream> under_;
  noise::FrameSealer sealer_;
  noise::FrameOpener opener_;
  noise::ReceiveBuffer buffer_;
  std::optional<MutableBytes> sealed_;  // in buffer_, whole, not yet opened
  ByteView opened_;                     // in buffer_, not yet taken
  std::size_t overhead_bytes_ = 0;
  std::size_t empty_frames_ = 0;
};

Task<Bytes> read_handshake_message(Stream& stream) {
  std::array<std::uint8_t, noise::Handshake::kLengthBytes> length{};
  co_await read_exactly(stream, length);
  Bytes message(noise::Handshake::message_bytes(length));
  co_await read_exactly(stream, message);
  co_return message;
}

}  // namespace

Task<Secured> secure_with_noise(System& system, std::shared_ptr<const noise::StaticKey> key,
                                std::unique_ptr<Stream> stream, Direction direction,
                                std::optional<PeerId> expected,
                                std::span<const std::string> muxers) {
  const bool initiates = direction == Direction::outbound;
  noise::HandshakeConfig config{.role = initiates ? noise::Role::initiator : noise::Role::responder,
                                .static_key = std::move(key),
                                .ephemeral_secret = {},
                                .expected_peer = std::move(expected),
                                .muxers = {muxers.begin(), muxers.end()}};
  // Who only connects costs no arithmetic.
  std::optional<Bytes> first;
  if (!initiates) first = co_await read_handshake_message(*stream);
  system.random.fill(config.ephemeral_secret);
  noise::Handshake handshake(std::move(config));
  if (first) handshake.read_message(*first);
  while (!handshake.finished() || handshake.is_writer()) {
    if (handshake.is_writer()) {
      const Bytes message = handshake.write_message();
      co_await write_all(*stream, message);
    } else {
      const Bytes message = co_await read_handshake_message(*stream);
      handshake.read_message(message);
    }
  }
  noise::HandshakeResult result = handshake.take_result();
  auto channel = std::make_unique<NoiseStream>(std::move(stream), result);
  co_return Secured{.stream = std::move(channel),
                    .peer = std::move(result.peer),
                    .key = std::move(result.key),
                    .muxer = std::move(result.muxer)};
}

}  // namespace shoal::net
