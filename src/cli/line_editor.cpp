#include "cli/line_editor.h"

#include <algorithm>
#include <utility>

#include "base/display_text.h"

namespace shoal::cli {

namespace {

constexpr std::uint8_t kEscape = 0x1b;
constexpr std::size_t kMaxSequence = 16;

constexpr std::uint8_t control(char letter) {
  return static_cast<std::uint8_t>(letter - '@');
}

/// How many bytes the code point has that begins so; 0 when none does.
std::size_t length_of(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

bool is_blank(const std::string& character) {
  return character == " " || character == "\t";
}

/// As it is shown, and how wide.
std::pair<std::string, std::size_t> shown(const std::string& character) {
  std::string text = for_terminal(character);
  const std::size_t width = columns(text);
  return {std::move(text), width};
}

}  // namespace

LineEditor::Typed LineEditor::type(ByteView keys) {
  Typed typed;
  for (const std::uint8_t byte : keys) take(byte, typed);
  return typed;
}

void LineEditor::take(std::uint8_t byte, Typed& typed) {
  if (!escape_.empty()) {
    take_escape(byte);
  } else if (byte == kEscape) {
    partial_.clear();
    escape_ = static_cast<char>(byte);
  } else if (byte < 0x20 || byte == 0x7f) {
    partial_.clear();
    take_control(byte, typed);
  } else {
    take_text(byte);
  }
}

void LineEditor::take_control(std::uint8_t byte, Typed& typed) {
  switch (byte) {
    case '\r':
    case '\n':
      return enter(typed);
    case '\t':
      return insert(" ");
    case control('A'):
      cursor_ = 0;
      return;
    case control('E'):
      cursor_ = line_.size();
      return;
    case control('B'):
      cursor_ -= cursor_ > 0 ? 1 : 0;
      return;
    case control('F'):
      cursor_ += cursor_ < line_.size() ? 1 : 0;
      return;
    case control('H'):
    case 0x7f:
      return erase(cursor_ - (cursor_ > 0 ? 1 : 0), cursor_);
    case control('U'):
      return erase(0, cursor_);
    case control('K'):
      return erase(cursor_, line_.size());
    case control('W'):
      return erase(word_begin(), cursor_);
    case control('D'):
      if (line_.empty()) typed.ended = true;
      return erase(cursor_, std::min(cursor_ + 1, line_.size()));
    default:
      return;
  }
}

void LineEditor::take_escape(std::uint8_t byte) {
  escape_ += static_cast<char>(byte);
  const bool introduced = escape_.size() == 2 && (byte == '[' || byte == 'O');
  const bool final = byte >= 0x40 && byte <= 0x7e;
  if (introduced || (!final && escape_.size() < kMaxSequence)) return;
  take_sequence(std::string_view(escape_).substr(1));
  escape_.clear();
}

void LineEditor::take_sequence(std::string_view sequence) {
  const auto is = [&](std::string_view one, std::string_view other) {
    return sequence == one || sequence == other;
  };
  if (is("[D", "OD")) cursor_ -= cursor_ > 0 ? 1 : 0;
  if (is("[C", "OC")) cursor_ += cursor_ < line_.size() ? 1 : 0;
  if (is("[H", "OH") || is("[1~", "[7~")) cursor_ = 0;
  if (is("[F", "OF") || is("[4~", "[8~")) cursor_ = line_.size();
  if (sequence == "[3~") erase(cursor_, std::min(cursor_ + 1, line_.size()));
  if (is("[A", "OA") && recalled_ > 0) recall(recalled_ - 1);
  if (is("[B", "OB") && recalled_ < entered_.size()) recall(recalled_ + 1);
}

void LineEditor::take_text(std::uint8_t byte) {
  const bool continues = (byte & 0xc0) == 0x80;
  if (continues == partial_.empty()) partial_.clear();
  if (continues && partial_.empty()) return;
  partial_ += static_cast<char>(byte);
  const std::size_t length = length_of(static_cast<std::uint8_t>(partial_.front()));
  if (length == 0) return partial_.clear();
  if (partial_.size() < length) return;
  std::string character = std::exchange(partial_, {});
  if (as_utf8(character) == character) insert(std::move(character));
}

void LineEditor::insert(std::string character) {
  if (bytes_ + character.size() > kMaxLineBytes) return;
  bytes_ += character.size();
  line_.insert(line_.begin() + static_cast<std::ptrdiff_t>(cursor_), std::move(character));
  ++cursor_;
}

void LineEditor::erase(std::size_t from, std::size_t to) {
  for (std::size_t at = from; at < to; ++at) bytes_ -= line_[at].size();
  line_.erase(line_.begin() + static_cast<std::ptrdiff_t>(from),
              line_.begin() + static_cast<std::ptrdiff_t>(to));
  cursor_ = from;
}

std::size_t LineEditor::word_begin() const {
  std::size_t at = cursor_;
  while (at > 0 && is_blank(line_[at - 1])) --at;
  while (at > 0 && !is_blank(line_[at - 1])) --at;
  return at;
}

std::string LineEditor::text() const {
  std::string out;
  for (const std::string& character : line_) out += character;
  return out;
}

void LineEditor::enter(Typed& typed) {
  typed.lines.push_back(text());
  if (!line_.empty()) entered_.push_back(typed.lines.back());
  if (entered_.size() > kMaxEntered) entered_.pop_front();
  recalled_ = entered_.size();
  erase(0, line_.size());
}

void LineEditor::recall(std::size_t index) {
  recalled_ = index;
  erase(0, line_.size());
  if (index == entered_.size()) return;
  for (const char byte : std::string(entered_[index])) take_text(static_cast<std::uint8_t>(byte));
}

LineEditor::View LineEditor::view(std::size_t width) const {
  // From the cursor to the left, as far as there is room for what is left of it, then to the right.
  View out;
  std::size_t used = 0;
  std::size_t first = cursor_;
  while (first > 0) {
    const auto [text, wide] = shown(line_[first - 1]);
    if (used + wide >= width) break;
    used += wide;
    out.text.insert(0, text);
    --first;
  }
  out.cursor = used;
  for (std::size_t at = cursor_; at < line_.size(); ++at) {
    const auto [text, wide] = shown(line_[at]);
    if (used + wide >= width) break;
    used += wide;
    out.text += text;
  }
  return out;
}

}  // namespace shoal::cli
