#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/bytes.h"
#include "protocol/tunnel/received.h"

namespace shoal::tunnel {

/// A muxer lets every stream bring 256 KiB unsolicited; a thousand connections whose readers pause
/// would hold as many times that. So frames of a tunnel keep to windows of their own, which begin
/// small:
///
///     1 byte kind   3 bytes number, big-endian
///     0  data       1 to kMaxPayload: so many bytes follow
///     1  credit     1 to 2^24-1: the other side may send so many bytes more
///     2  finish     0: no more data from this side; credit may still come
inline constexpr std::size_t kHeaderBytes = 4;
inline constexpr std::size_t kMaxPayload = 128 * 1024;
/// What either side may send before it has been given credit.
inline constexpr std::size_t kInitialWindow = 16 * 1024;
/// What a window is raised to at once, and what it may grow to, where the pool has room.
inline constexpr std::size_t kFirstWindow = 256 * 1024;
inline constexpr std::size_t kMaxWindow = 8 * 1024 * 1024;

/// What all flows of a node may have beyond their initial windows.
class WindowPool {
 public:
  static constexpr std::size_t kBytes = 16 * 1024 * 1024;

  bool take(std::size_t bytes) {
    if (bytes > kBytes - used_) return false;
    used_ += bytes;
    return true;
  }
  void give(std::size_t bytes) { used_ -= bytes; }
  std::size_t used() const { return used_; }
  std::size_t flows() const { return flows_; }
  /// What the flows read into.
  BufferPool& buffers() { return buffers_; }
  /// What each flow may keep while others need some of it.
  std::size_t fair_share() const { return kBytes / (flows_ == 0 ? 1 : flows_); }
  bool tight() const { return used_ > kBytes / 4 * 3; }

 private:
  friend class Flow;
  BufferPool buffers_;
  std::size_t used_ = 0;
  std::size_t flows_ = 0;
};

using Header = std::array<std::uint8_t, kHeaderBytes>;

/// One end of an open tunnel, without I/O. What it sends goes out in the order of the calls, each
/// header at once with its payload.
class Flow {
 public:
  /// Borrows the pool for its life.
  explicit Flow(WindowPool& pool);
  ~Flow();
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  /// Bytes that the next data frame may have; 0: wait for credit.
  std::size_t sendable() const;
  /// The header of a data frame; `bytes` is 1 to sendable().
  Header begin_data(std::size_t bytes);
  /// No data after it.
  Header finish();
  bool finished() const { return finished_; }

  /// What came, cut anywhere. Those parts of it that are content go to `content`, in order. Throws
  /// Error{malformed} for what is no frame or exceeds the window; the flow is of no more use then.
  void receive(ByteView bytes, const std::function<void(ByteView)>& content);
  /// The other side sends no more; what is unread stays so.
  bool peer_finished() const { return peer_finished_; }
  /// Whether the stream may end here: not within a frame.
  bool between_frames() const { return header_bytes_ == 0 && payload_left_ == 0; }

  /// Content that came and was not consumed.
  std::size_t unread() const { return unread_; }
  /// So much of that was delivered.
  void consumed(std::size_t bytes);
  /// Credit that is worth a frame; 0 for none.
  std::size_t owed_credit() const;
  /// The header of a credit frame that gives all of it.
  Header give_credit();

 private:
  void on_frame();
  void grow();
  void shrink();

  WindowPool& pool_;
  // To the other side.
  std::size_t send_credit_ = kInitialWindow;
  bool finished_ = false;
  // From it. target_ = receivable_ + payload_left_ + unread_ + owed_.
  std::size_t target_ = kInitialWindow;
  std::size_t receivable_ = kInitialWindow;
  std::size_t owed_ = 0;
  std::size_t since_growth_ = 0;
  std::size_t unread_ = 0;
  bool peer_finished_ = false;
  // The frame under way.
  Header header_{};
  std::size_t header_bytes_ = 0;
  std::size_t payload_left_ = 0;
};

}  // namespace shoal::tunnel
