#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <shoal/async.h>
#include <shoal/stream.h>

namespace shoal {

// Requests and answers, by protocol id. On the wire: a stream for each request, on which the one
// side writes the request and the other its answers, each preceded by its length as a varint; the
// end of the stream is that of the answers, and a reset says that there will be none.

struct RequestOptions {
  /// For each answer, the first with the connection and the request.
  std::chrono::nanoseconds deadline = std::chrono::seconds(10);
  std::size_t max_answer_bytes = 1024 * 1024;
};

/// What a responder is asked.
struct Request {
  std::string peer_id;
  ByteVector message;
};

struct RespondOptions {
  std::size_t max_request_bytes = 1024 * 1024;
  /// Requests of this protocol that are answered at once; further ones are reset.
  std::size_t at_once = 64;
  /// For a request to arrive, and for the whole answer.
  std::chrono::nanoseconds deadline = std::chrono::seconds(30);
};

/// Where a responder writes its answers. Lives as long as the responder's coroutine.
class AnswerWriter {
 public:
  explicit AnswerWriter(PeerStream& stream) : stream_(stream) {}
  AnswerWriter(const AnswerWriter&) = delete;
  AnswerWriter& operator=(const AnswerWriter&) = delete;

  /// Returns when it was taken over: waits while the other side does not read. `answer` must live
  /// until then.
  Async<void> write(std::span<const std::byte> answer) { return stream_.write_message(answer); }
  /// `answer` is copied.
  Async<void> write(std::string answer) { return stream_.write_message(std::move(answer)); }

 private:
  PeerStream& stream_;
};

/// Answers one request with one message. What it throws resets the stream, and goes to
/// NodeOptions::on_error. Cancelled when the requester gives up, and at the deadline.
using Responder = std::function<Async<ByteVector>(Request)>;
/// The same with any number of messages.
using StreamResponder = std::function<Async<void>(Request, AnswerWriter&)>;

/// The answers to one request, as they come. Destroying it, from any thread, cancels the request.
class Answers {
 public:
  Answers(PeerStream stream, RequestOptions options)
      : stream_(std::move(stream)), options_(options) {}

  /// None after the last. Throws Error{timeout} at the deadline, {limit} for a larger one than
  /// allowed, {closed} when the peer does not answer, {unsupported} when it does not speak the
  /// protocol.
  Async<std::optional<ByteVector>> next();

 private:
  PeerStream stream_;
  RequestOptions options_;
};

}  // namespace shoal
