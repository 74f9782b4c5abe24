#include "protocol/gossipsub/inbox.h"

#include <utility>

namespace shoal::gossipsub {

ByteView Received::data() const {
  const std::optional<Bytes>& bytes = message->message.data;
  return bytes ? ByteView(*bytes) : ByteView();
}

std::optional<PeerId> Received::author() const {
  const std::optional<Bytes>& from_field = message->message.from;
  if (!from_field) return std::nullopt;
  return PeerId::decode(*from_field);
}

void Inbox::push(Received received) {
  if (closed_) return;
  bytes_ += cost(received);
  queue_.push_back(std::move(received));
  // The newest stays, however large.
  while (queue_.size() > 1 && (queue_.size() > limits_.messages || bytes_ > limits_.bytes)) {
    drop_oldest();
  }
  changed_.notify_one();
}

void Inbox::drop_oldest() {
  bytes_ -= cost(queue_.front());
  queue_.pop_front();
  ++missed_;
}

std::optional<Received> Inbox::try_next() {
  if (queue_.empty()) return std::nullopt;
  Received out = std::move(queue_.front());
  queue_.pop_front();
  bytes_ -= cost(out);
  return out;
}

Task<std::optional<Received>> Inbox::next() {
  while (queue_.empty() && !closed_) co_await changed_.wait();
  co_return try_next();
}

void Inbox::close() {
  closed_ = true;
  changed_.notify_all();
}

}  // namespace shoal::gossipsub
