#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "system/system.h"

namespace shoal::cli {

/// What comes from stdin as it comes, without holding up the loop or a thread of the pool while
/// nobody writes.
class StandardLines {
 public:
  static constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;

  /// Borrows for its life.
  explicit StandardLines(System& system) : system_(system) {}

  /// The next piece, at most 64 KiB, at least a byte; none at the end. Cancellable. Throws
  /// Error{io}.
  Task<std::optional<Bytes>> next_piece();
  /// The next line without its end; the last one may lack it. Throws Error{limit} for one over
  /// kMaxLineBytes.
  Task<std::optional<Bytes>> next_line();
  /// Everything. Throws Error{limit} for more than kMaxLineBytes.
  Task<Bytes> rest();

 private:
  System& system_;
  Bytes buffer_;  // of lines, from begin_ on
  std::size_t begin_ = 0;
  std::size_t seen_ = 0;  // where no line ends
  bool ended_ = false;
};

}  // namespace shoal::cli
