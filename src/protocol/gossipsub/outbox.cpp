#include "protocol/gossipsub/outbox.h"

#include <utility>

namespace shoal::gossipsub {

bool Outbox::push(Kind kind, SharedBytes rpc) {
  if (kind == Kind::control) {
    if (control_bytes_ + rpc.size() > kMaxControlBytes) return false;
    control_bytes_ += rpc.size();
    control_.push_back(std::move(rpc));
    return true;
  }
  bytes_ += rpc.size();
  (kind == Kind::message ? messages_ : gossip_).push_back(std::move(rpc));
  while (is_over() && !gossip_.empty()) drop(gossip_, dropped_.gossip);
  while (is_over() && !messages_.empty()) drop(messages_, dropped_.messages);
  return true;
}

bool Outbox::is_over() const {
  return bytes_ > kMaxBytes || messages_.size() + gossip_.size() > kMaxRpcs;
}

void Outbox::drop(Queue& queue, std::uint64_t& count) {
  bytes_ -= queue.front().size();
  queue.pop_front();
  ++count;
}

std::optional<SharedBytes> Outbox::pop() {
  const bool is_control = !control_.empty();
  Queue& queue = is_control ? control_ : messages_.empty() ? gossip_ : messages_;
  if (queue.empty()) return std::nullopt;
  SharedBytes out = std::move(queue.front());
  queue.pop_front();
  (is_control ? control_bytes_ : bytes_) -= out.size();
  return out;
}

}  // namespace shoal::gossipsub
