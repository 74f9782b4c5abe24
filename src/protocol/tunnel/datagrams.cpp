#include "protocol/tunnel/datagrams.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace shoal::tunnel {

bool DatagramQueue::push(ByteView datagram) {
  if (datagram.size() > kMaxDatagramBytes || count_ == kMaxDatagrams ||
      framed_.size() + kDatagramHeaderBytes + datagram.size() > kMaxBytes) {
    return false;
  }
  framed_.push_back(static_cast<std::uint8_t>(datagram.size() >> 8));
  framed_.push_back(static_cast<std::uint8_t>(datagram.size()));
  append(framed_, datagram);
  ++count_;
  return true;
}

Bytes DatagramQueue::take() {
  count_ = 0;
  return std::exchange(framed_, {});
}

void DatagramReader::receive(ByteView bytes, const std::function<void(ByteView)>& datagram) {
  while (true) {
    if (header_bytes_ < kDatagramHeaderBytes && !take_header(bytes)) return;
    const std::size_t count = std::min(wanted_ - partial_.size(), bytes.size());
    const ByteView part = bytes.first(count);
    bytes = bytes.subspan(count);
    if (partial_.empty() && count == wanted_) {
      datagram(part);  // whole: no copy
    } else {
      append(partial_, part);
      if (partial_.size() < wanted_) return;
      datagram(partial_);
    }
    partial_ = {};
    header_bytes_ = 0;
    wanted_ = 0;
  }
}

/// False when its rest has to come first.
bool DatagramReader::take_header(ByteView& bytes) {
  while (header_bytes_ < kDatagramHeaderBytes) {
    if (bytes.empty()) return false;
    wanted_ = wanted_ << 8 | bytes.front();
    bytes = bytes.subspan(1);
    ++header_bytes_;
  }
  if (wanted_ > kMaxDatagramBytes) {
    throw Error(ErrorCode::malformed, "tunnel: a datagram that is too long");
  }
  return true;
}

}  // namespace shoal::tunnel
