#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace shoal::multistream {

/// multistream-select 1.0.0 (libp2p connections spec, multiformats/multistream-select) speaks in
/// lines: a varint of their length, the text, a newline that the length includes.
inline constexpr std::size_t kMaxLineBytes = 1024;

inline constexpr std::string_view kHeader = "/multistream/1.0.0";
inline constexpr std::string_view kNotAvailable = "na";

/// `text` is ours: without newline, and short enough for a line.
void append_line(Bytes& out, std::string_view text);

/// Puts lines together from bytes that arrive in any pieces. Holds at most one line.
class LineReader {
 public:
  /// Takes bytes off `received` up to the end of the next line and returns its text, or takes all
  /// and returns nothing when the line goes on. Throws Error{limit} for lines longer than
  /// kMaxLineBytes before any of their text is taken, Error{malformed} for a length that is zero or
  /// not minimal, and for a line without newline at its end or with one before.
  std::optional<std::string> take(ByteView& received);
  /// How many bytes at least are still to come of the line; 1 while its length is not known.
  std::size_t missing() const { return length_ == 0 ? 1 : length_ - line_.size(); }

 private:
  bool take_length(ByteView& received);

  Bytes length_encoded_;
  std::size_t length_ = 0;  // with newline; 0 while unknown
  std::string line_;
};

}  // namespace shoal::multistream
