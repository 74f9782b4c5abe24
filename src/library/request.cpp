#include <shoal/request.h>

#include <utility>

#include "base/error.h"
#include "library/requests.h"

namespace shoal {

Async<std::optional<ByteVector>> Answers::next() {
  std::optional<ByteVector> answer =
      co_await within(options_.deadline, stream_.read_message(options_.max_answer_bytes),
                      "an answer from " + stream_.peer_id());
  co_return answer;
}

namespace library {

namespace {

/// Leaves the wait for the requester's end when the answer is complete.
struct Answered {};

/// Counts a request among those that are answered at once.
class Slot {
 public:
  explicit Slot(std::size_t& count) : count_(count) { ++count_; }
  ~Slot() { --count_; }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

 private:
  std::size_t& count_;
};

Async<void> answer_request(const Responding& rules, PeerStream& stream, Request request) {
  AnswerWriter writer(stream);
  co_await rules.responder(std::move(request), writer);
  co_await stream.close();
  throw Answered();
}

/// A requester that gives up resets its stream; one that says no more closes its half.
Async<void> watch_requester(PeerStream& stream) {
  const ByteVector more = co_await stream.read(1);
  if (!more.empty()) throw Error(ErrorCode::malformed, "more than one request", stream.protocol());
}

Async<void> answer_or_cancel(const Responding& rules, PeerStream& stream, Request request) {
  std::vector<Async<void>> both;
  both.push_back(answer_request(rules, stream, std::move(request)));
  both.push_back(watch_requester(stream));
  try {
    co_await all(std::move(both));
  } catch (const Answered&) {
  }
}

}  // namespace

Async<void> respond(std::shared_ptr<Responding> rules, PeerStream stream) {
  const RespondOptions& options = rules->options;
  if (rules->running >= options.at_once) co_return;
  const Slot slot(rules->running);
  std::optional<ByteVector> message = co_await within(
      options.deadline, stream.read_message(options.max_request_bytes), "a request");
  if (!message) co_return;
  Request request{.peer_id = stream.peer_id(), .message = std::move(*message)};
  co_await within(options.deadline, answer_or_cancel(*rules, stream, std::move(request)),
                  "the answer to a request");
}

Async<Answers> ask(Async<PeerStream> opening, ByteVector message, RequestOptions options) {
  const auto begin = [](Async<PeerStream> open, ByteVector text) -> Async<PeerStream> {
    PeerStream stream = co_await std::move(open);
    co_await stream.write_message(text);
    co_return std::move(stream);
  };
  PeerStream stream = co_await within(
      options.deadline, begin(std::move(opening), std::move(message)), "a request to be taken");
  co_return Answers(std::move(stream), options);
}

Async<ByteVector> ask_once(Async<PeerStream> opening, ByteVector message, RequestOptions options) {
  Answers answers = co_await ask(std::move(opening), std::move(message), options);
  std::optional<ByteVector> answer = co_await answers.next();
  if (!answer) throw Error(ErrorCode::closed, "the peer ended the request without an answer");
  co_return std::move(*answer);
}

StreamResponder answering_once(Responder responder) {
  return [responder = std::move(responder)](Request request, AnswerWriter& out) -> Async<void> {
    const ByteVector answer = co_await responder(std::move(request));
    co_await out.write(answer);
  };
}

}  // namespace library

}  // namespace shoal
