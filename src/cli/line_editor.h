#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace shoal::cli {

/// A line that somebody types at a terminal which echoes nothing: turns keys into text. Sans-I/O.
///
/// Arrows, Home, End, Delete, Backspace and Ctrl-A, -E, -B, -F, -U, -K, -W edit; Up and Down go
/// through what was entered before; Ctrl-D on an empty line is the end.
class LineEditor {
 public:
  static constexpr std::size_t kMaxLineBytes = 4096;
  static constexpr std::size_t kMaxEntered = 100;

  /// What some keys brought about.
  struct Typed {
    std::vector<std::string> lines;
    bool ended = false;
  };
  Typed type(ByteView keys);

  /// At most `width` columns around the cursor, and its column among them.
  struct View {
    std::string text;
    std::size_t cursor = 0;
  };
  View view(std::size_t width) const;
  bool empty() const { return line_.empty(); }

 private:
  void take(std::uint8_t byte, Typed& typed);
  void take_control(std::uint8_t byte, Typed& typed);
  void take_escape(std::uint8_t byte);
  void take_sequence(std::string_view sequence);
  void take_text(std::uint8_t byte);
  void insert(std::string character);
  void erase(std::size_t from, std::size_t to);
  void enter(Typed& typed);
  void recall(std::size_t index);
  std::size_t word_begin() const;
  std::string text() const;

  std::vector<std::string> line_;  // code points
  std::size_t bytes_ = 0;
  std::size_t cursor_ = 0;
  std::string partial_;  // of a code point
  std::string escape_;   // of an escape sequence; empty outside of one
  std::deque<std::string> entered_;
  std::size_t recalled_ = 0;  // index in entered_; its size: none
};

}  // namespace shoal::cli
