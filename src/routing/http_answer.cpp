#include "routing/http_answer.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace shoal::routing {

namespace {

[[noreturn]] void malformed(const char* what) {
  throw Error(ErrorCode::malformed, what);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& one : out) one = one >= 'A' && one <= 'Z' ? static_cast<char>(one + 32) : one;
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// All of `text` as a number that a body may be long.
std::size_t length_of(std::string_view text, int base) {
  std::size_t out = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (problem == std::errc::result_out_of_range) {
    throw Error(ErrorCode::limit, "the HTTP answer is too long");
  }
  if (problem != std::errc() || end != text.data() + text.size() || text.empty()) {
    malformed("a length in the HTTP answer is no number");
  }
  return out;
}

/// HTTP/1.1 SP 3DIGIT SP reason.
int status_of(std::string_view line) {
  const bool version = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  if (!version || line.size() < 12) malformed("this is no HTTP answer");
  const std::size_t status = length_of(line.substr(9, 3), 10);
  if (status < 100 || (line.size() > 12 && line[12] != ' ')) malformed("this is no HTTP answer");
  return static_cast<int>(status);
}

}  // namespace

void HttpAnswer::take(ByteView bytes) {
  if (done()) return;
  if (input_.size() + bytes.size() > kMaxHeadBytes + kMaxBodyBytes) {
    throw Error(ErrorCode::limit, "the HTTP answer is too long");
  }
  input_.append(as_text(bytes));
  while (step()) {
  }
}

void HttpAnswer::end() {
  if (state_ == State::to_the_end) state_ = State::done;
  if (!done()) malformed("the HTTP answer ended early");
}

/// Whether there may be more to do with what has come.
bool HttpAnswer::step() {
  switch (state_) {
    case State::head:
      return read_head();
    case State::counted:
      return read_counted(State::done);
    case State::to_the_end:
      append_body(input_.size());
      return false;
    case State::chunk_size:
      return read_chunk_size();
    case State::chunk:
      return read_counted(State::chunk_end);
    case State::chunk_end:
      return read_chunk_end();
    case State::trailer:
      return read_trailer();
    case State::done:
      return false;
  }
  return false;
}

bool HttpAnswer::read_head() {
  const std::size_t end = input_.find("\r\n\r\n");
  if (std::min(end, input_.size()) > kMaxHeadBytes) {
    throw Error(ErrorCode::limit, "the head of the HTTP answer is too long");
  }
  if (end == std::string::npos) return false;
  const std::string head = input_.substr(0, end + 2);
  input_.erase(0, end + 4);
  std::size_t at = head.find("\r\n");
  status_ = status_of(std::string_view(head).substr(0, at));
  for (at += 2; at < head.size();) {
    const std::size_t line_end = head.find("\r\n", at);
    read_field(std::string_view(head).substr(at, line_end - at));
    at = line_end + 2;
  }
  begin_body();
  return true;
}

void HttpAnswer::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) malformed("a field of the HTTP answer");
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name == "content-length") {
    const std::size_t length = length_of(value, 10);
    if (length_ && *length_ != length) malformed("the HTTP answer has two lengths");
    length_ = length;
  } else if (name == "transfer-encoding") {
    if (lower(value) != "chunked") {
      throw Error(ErrorCode::unsupported, "the HTTP answer is encoded in an unknown way");
    }
    chunked_ = true;
  } else if (name == "content-type") {
    content_type_ = lower(trimmed(value.substr(0, value.find(';'))));
  }
}

/// RFC 9112, 6.3.
void HttpAnswer::begin_body() {
  if (status_ < 200) {
    if (++interim_ > kMaxInterim) malformed("too many interim HTTP answers");
    length_.reset();
    chunked_ = false;
    return;
  }
  if (status_ == 204 || status_ == 304) {
    state_ = State::done;
  } else if (chunked_) {
    state_ = State::chunk_size;
  } else if (length_) {
    if (*length_ > kMaxBodyBytes) throw Error(ErrorCode::limit, "the HTTP answer is too long");
    left_ = *length_;
    state_ = left_ == 0 ? State::done : State::counted;
  } else {
    state_ = State::to_the_end;
  }
}

void HttpAnswer::append_body(std::size_t count) {
  if (body_.size() + count > kMaxBodyBytes) {
    throw Error(ErrorCode::limit, "the HTTP answer is too long");
  }
  body_.append(input_, 0, count);
  input_.erase(0, count);
}

bool HttpAnswer::read_counted(State next) {
  const std::size_t count = std::min(left_, input_.size());
  append_body(count);
  left_ -= count;
  if (left_ > 0) return false;
  state_ = next;
  return true;
}

std::optional<std::string> HttpAnswer::take_line() {
  const std::size_t end = input_.find("\r\n");
  if (std::min(end, input_.size()) > kMaxLineBytes) {
    throw Error(ErrorCode::limit, "a line of the HTTP answer is too long");
  }
  if (end == std::string::npos) return std::nullopt;
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 2);
  return line;
}

bool HttpAnswer::read_chunk_size() {
  const auto line = take_line();
  if (!line) return false;
  left_ = length_of(trimmed(std::string_view(*line).substr(0, line->find(';'))), 16);
  if (left_ > kMaxBodyBytes) throw Error(ErrorCode::limit, "the HTTP answer is too long");
  state_ = left_ == 0 ? State::trailer : State::chunk;
  return true;
}

bool HttpAnswer::read_chunk_end() {
  const auto line = take_line();
  if (!line) return false;
  if (!line->empty()) malformed("a chunk of the HTTP answer is longer than it says");
  state_ = State::chunk_size;
  return true;
}

bool HttpAnswer::read_trailer() {
  const auto line = take_line();
  if (!line) return false;
  trailer_bytes_ += line->size();
  if (trailer_bytes_ > kMaxHeadBytes) malformed("the HTTP answer has too many trailer fields");
  if (line->empty()) state_ = State::done;
  return true;
}

}  // namespace shoal::routing
