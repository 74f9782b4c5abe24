#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "base/shared_bytes.h"
#include "system/event.h"

namespace shoal::content::bitswap {

/// Blocks that were handed over and are still in use, such as being written to the disk, of the
/// sessions that ask for more than there is memory for. While there are too many, no more blocks
/// are read from peers.
class InHand {
 public:
  static constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;

  explicit InHand(Waits& waits) : released(waits) {}

  bool has_room() const { return bytes_ < kMaxBytes; }
  std::size_t bytes() const { return bytes_; }

  /// The same bytes, which count until nobody holds them any more. `self` outlives them.
  static SharedBytes count(const std::shared_ptr<InHand>& self, SharedBytes block) {
    const ByteView view = block.view();
    return {std::make_shared<const Held>(self, std::move(block)), view};
  }

  Event released;

 private:
  struct Held {
    Held(std::shared_ptr<InHand> owner, SharedBytes block)
        : in_hand(std::move(owner)), bytes(std::move(block)) {
      in_hand->bytes_ += bytes.size();
    }
    ~Held() {
      const bool had_room = in_hand->has_room();
      in_hand->bytes_ -= bytes.size();
      if (!had_room && in_hand->has_room()) in_hand->released.notify_all();
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    const std::shared_ptr<InHand> in_hand;
    const SharedBytes bytes;
  };

  std::size_t bytes_ = 0;
};

}  // namespace shoal::content::bitswap
