#include "protocol/tunnel/flow.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace shoal::tunnel {

namespace {

enum Kind : std::uint8_t { data = 0, credit = 1, finish_kind = 2 };

constexpr std::size_t kMaxNumber = 0xff'ffff;
/// Credit is given in parts of so much of a window, so that it costs few frames; a reader that
/// leaves less than such a part keeps up.
constexpr std::size_t kPartsOfWindow = 4;

Header header_of(Kind kind, std::size_t number) {
  SHOAL_CHECK(number <= kMaxNumber);
  return {kind, static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8),
          static_cast<std::uint8_t>(number)};
}

[[noreturn]] void fail(const char* what) {
  throw Error(ErrorCode::malformed, std::string("tunnel: ") + what);
}

}  // namespace

Flow::Flow(WindowPool& pool) : pool_(pool) {
  ++pool_.flows_;
  const std::size_t more = std::min(kFirstWindow, pool_.fair_share());
  if (more <= target_ || !pool_.take(more - target_)) return;
  owed_ = more - target_;
  target_ = more;
}

Flow::~Flow() {
  --pool_.flows_;
  pool_.give(target_ - kInitialWindow);
}

std::size_t Flow::sendable() const {
  return finished_ ? 0 : std::min(send_credit_, kMaxPayload);
}

Header Flow::begin_data(std::size_t bytes) {
  SHOAL_CHECK(bytes > 0 && bytes <= sendable());
  send_credit_ -= bytes;
  return header_of(data, bytes);
}

Header Flow::finish() {
  SHOAL_CHECK(!finished_);
  finished_ = true;
  return header_of(finish_kind, 0);
}

void Flow::receive(ByteView bytes, const std::function<void(ByteView)>& content) {
  while (!bytes.empty()) {
    if (payload_left_ > 0) {
      const std::size_t count = std::min(payload_left_, bytes.size());
      unread_ += count;
      content(bytes.first(count));
      bytes = bytes.subspan(count);
      payload_left_ -= count;
      continue;
    }
    const std::size_t count = std::min(kHeaderBytes - header_bytes_, bytes.size());
    std::copy_n(bytes.begin(), count, header_.begin() + header_bytes_);
    bytes = bytes.subspan(count);
    header_bytes_ += count;
    if (header_bytes_ < kHeaderBytes) return;
    header_bytes_ = 0;
    on_frame();
  }
}

void Flow::on_frame() {
  const std::size_t number =
      std::size_t{header_[1]} << 16 | std::size_t{header_[2]} << 8 | header_[3];
  switch (header_[0]) {
    case data:
      if (peer_finished_) fail("data after the end");
      if (number == 0 || number > kMaxPayload) fail("a data frame of a forbidden size");
      if (number > receivable_) fail("more data than the window allows");
      receivable_ -= number;
      payload_left_ = number;
      return;
    case credit:
      if (number == 0) fail("credit for nothing");
      if (number > kMaxNumber - std::min(send_credit_, kMaxNumber)) fail("too much credit");
      send_credit_ += number;
      return;
    case finish_kind:
      if (number != 0 || peer_finished_) fail("a second or strange end");
      peer_finished_ = true;
      return;
    default:
      fail("a frame of an unknown kind");
  }
}

void Flow::consumed(std::size_t bytes) {
  SHOAL_CHECK(bytes <= unread_);
  unread_ -= bytes;
  owed_ += bytes;
  since_growth_ += bytes;
  if (pool_.tight()) {
    shrink();
  } else if (unread_ < target_ / kPartsOfWindow && since_growth_ >= target_) {
    grow();
  }
}

/// The reader keeps up, so it is the window that holds the other side back.
void Flow::grow() {
  since_growth_ = 0;
  const std::size_t wanted = std::min(2 * target_, kMaxWindow);
  const std::size_t more = wanted - target_;
  // Nobody takes more than half of what is left.
  if (more == 0 || more > (WindowPool::kBytes - pool_.used()) / 2 || !pool_.take(more)) return;
  target_ += more;
  owed_ += more;
}

/// Gives back what is more than a fair share, by not renewing it.
void Flow::shrink() {
  const std::size_t share = std::max(pool_.fair_share(), kInitialWindow);
  if (target_ <= share) return;
  const std::size_t less = std::min(owed_, target_ - share);
  target_ -= less;
  owed_ -= less;
  pool_.give(less);
}

std::size_t Flow::owed_credit() const {
  if (peer_finished_ || owed_ < target_ / kPartsOfWindow) return 0;
  return owed_;
}

Header Flow::give_credit() {
  const std::size_t bytes = std::min(owed_, kMaxNumber);
  owed_ -= bytes;
  receivable_ += bytes;
  return header_of(credit, bytes);
}

}  // namespace shoal::tunnel
