#pragma once

#include <cstddef>
#include <functional>

#include "net/muxer/muxer.h"

namespace shoal::net {

/// Says when a muxer's buffers have changed by enough to be told: Muxer::when_buffering().
class BufferReports {
 public:
  void when_buffering(std::function<void()> callback) { callback_ = std::move(callback); }

  void report(const Muxer& muxer) {
    if (!callback_) return;
    const std::size_t buffered = muxer.buffered_bytes();
    const std::size_t promised = muxer.promised_bytes();
    if (!moved(buffered_, buffered) && !moved(promised_, promised)) return;
    buffered_ = buffered;
    promised_ = promised;
    callback_();
  }

 private:
  static bool moved(std::size_t from, std::size_t to) {
    return (from < to ? to - from : from - to) >= Muxer::kReportBytes;
  }

  std::function<void()> callback_;
  std::size_t buffered_ = 0;
  std::size_t promised_ = 0;
};

}  // namespace shoal::net
