#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace shoal::routing {

/// Reads one answer of an HTTP/1.1 server (RFC 9112) from bytes as they come, without I/O: a status
/// line, header fields, and a body that is as long as said, chunked, or ends with the connection.
class HttpAnswer {
 public:
  static constexpr std::size_t kMaxHeadBytes = std::size_t{16} << 10;
  static constexpr std::size_t kMaxBodyBytes = std::size_t{1} << 20;
  /// Of the line before a chunk, and of one trailer field.
  static constexpr std::size_t kMaxLineBytes = 1024;
  /// Answers before the one that counts (1xx).
  static constexpr int kMaxInterim = 8;

  /// Throws Error{malformed}, or {limit} when a bound is passed.
  void take(ByteView bytes);
  /// The connection ended. Throws Error{malformed} when the answer is not whole.
  void end();

  bool done() const { return state_ == State::done; }
  int status() const { return status_; }
  /// Lower case, without parameters, such as "application/json"; empty when not said.
  const std::string& content_type() const { return content_type_; }
  const std::string& body() const { return body_; }

 private:
  enum class State { head, counted, to_the_end, chunk_size, chunk, chunk_end, trailer, done };

  bool step();
  bool read_head();
  void read_field(std::string_view line);
  void begin_body();
  bool read_counted(State next);
  bool read_chunk_size();
  bool read_chunk_end();
  bool read_trailer();
  std::optional<std::string> take_line();
  void append_body(std::size_t count);

  State state_ = State::head;
  std::string input_;
  int status_ = 0;
  int interim_ = 0;
  std::string content_type_;
  std::optional<std::size_t> length_;
  bool chunked_ = false;
  std::size_t left_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::string body_;
};

}  // namespace shoal::routing
