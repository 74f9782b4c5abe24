#include "system/sim/listener.h"

#include "base/error.h"
#include "system/sim/connection.h"
#include "system/sim/host_network.h"

namespace shoal::sim {

HostListener::HostListener(HostNetwork& network, Endpoint local, ListenOptions options)
    : network_(network), local_(local), options_(options), arrived_(network.waits()) {}

HostListener::~HostListener() {
  network_.remove(*this);
  for (auto* connection : std::exchange(half_open_, {})) connection->handle().reset();
}

Task<std::unique_ptr<HostStream>> HostListener::accept() {
  while (ready_.empty()) co_await arrived_.wait();
  auto first = std::move(ready_.front());
  ready_.pop_front();
  if (network_.fires("network.accept")) {
    throw Error(ErrorCode::limit, "too many open files", local_.to_string());
  }
  co_return first;
}

bool HostListener::full() const {
  const auto limit = static_cast<std::size_t>(options_.backlog);
  return half_open_.size() >= limit || ready_.size() >= limit;
}

void HostListener::begun(Connection& connection) {
  half_open_.push_back(&connection);
  connection.set_listener(this);
}

void HostListener::established(Connection& connection) {
  std::erase(half_open_, &connection);
  ready_.push_back(connection.handle());
  arrived_.notify_one();
}

void HostListener::broken(Connection& connection) {
  std::erase(half_open_, &connection);
}

}  // namespace shoal::sim
