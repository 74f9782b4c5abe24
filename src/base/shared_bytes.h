#pragma once

#include <memory>
#include <utility>

#include "base/bytes.h"

namespace shoal {

/// Immutable bytes with shared ownership: a whole buffer or a part of one. Copies are cheap.
class SharedBytes {
 public:
  SharedBytes() = default;
  explicit SharedBytes(Bytes bytes) {
    auto owned = std::make_shared<const Bytes>(std::move(bytes));
    view_ = *owned;
    owner_ = std::move(owned);
  }
  /// `view` lies in what `owner` keeps alive.
  SharedBytes(std::shared_ptr<const void> owner, ByteView view)
      : owner_(std::move(owner)), view_(view) {}

  ByteView view() const { return view_; }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  /// A part that keeps the whole buffer alive.
  SharedBytes part(std::size_t offset, std::size_t count) const {
    return {owner_, view_.subspan(offset, count)};
  }

 private:
  std::shared_ptr<const void> owner_;
  ByteView view_;
};

}  // namespace shoal
