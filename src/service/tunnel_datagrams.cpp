#include "service/tunnel_datagrams.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "base/error.h"

namespace shoal::service {

namespace {

/// Where a socket for `service` is bound: a service of this machine is talked to within it.
Endpoint source_for(const Endpoint& service) {
  const IpAddress& address = service.address;
  if (address.is_loopback()) return {address, 0};
  return {address.is_v6() ? IpAddress::any_v6() : IpAddress::any_v4(), 0};
}

}  // namespace

DatagramClient::DatagramClient(System& system)
    : system_(system), tasks_(system.waits, "datagrams") {}

Task<void> DatagramClient::open(TunnelTarget target) {
  service_ = co_await datagram_endpoint(system_, std::move(target));
  socket_ = system_.network.bind(source_for(service_));
}

Task<void> DatagramClient::carry(std::unique_ptr<Stream> remote, std::function<void()> heard) {
  pipe_ = std::make_unique<tunnel::DatagramPipe>(
      system_, [this](ByteView datagram) { socket_->send(service_, datagram); }, std::move(heard));
  if (ended_) pipe_->end();
  tasks_.spawn(receive());
  std::exception_ptr failure;
  try {
    co_await pipe_->run(std::move(remote));
  } catch (...) {
    failure = std::current_exception();
  }
  co_await tasks_.stop();
  if (failure) std::rethrow_exception(failure);
}

void DatagramClient::end() {
  ended_ = true;
  if (pipe_) pipe_->end();
}

Task<void> DatagramClient::receive() {
  Bytes buffer(DatagramSocket::kMaxBytes);
  while (true) {
    const DatagramSocket::Received got = co_await socket_->receive(buffer);
    if (got.from == service_) pipe_->push(ByteView(buffer).first(got.bytes));
  }
}

DatagramServer::DatagramServer(System& system, Endpoint local, OpenStream open,
                               std::function<void()> heard,
                               std::function<void(const Error&)> failed)
    : system_(system),
      socket_(system.network.bind(local)),
      open_(std::move(open)),
      heard_(std::move(heard)),
      failed_(std::move(failed)),
      tasks_(system.waits, "datagrams") {
  tasks_.spawn(receive());
}

Task<void> DatagramServer::receive() {
  Bytes buffer(DatagramSocket::kMaxBytes);
  while (true) {
    const DatagramSocket::Received got = co_await socket_->receive(buffer);
    tunnel::DatagramPipe* const pipe = pipe_of(got.from);
    if (pipe != nullptr) pipe->push(ByteView(buffer).first(got.bytes));
  }
}

/// None while another one makes room.
tunnel::DatagramPipe* DatagramServer::pipe_of(const Endpoint& sender) {
  const auto found = senders_.find(sender);
  if (found != senders_.end()) return found->second.get();
  if (senders_.size() >= kMaxSenders) {
    const auto idlest = std::ranges::min_element(
        senders_, {}, [](const auto& entry) { return entry.second->last_used(); });
    idlest->second->end();
    return nullptr;
  }
  const auto to_sender = [this, sender](ByteView datagram) { socket_->send(sender, datagram); };
  auto pipe = std::make_unique<tunnel::DatagramPipe>(system_, to_sender, heard_);
  tunnel::DatagramPipe* const out = pipe.get();
  senders_.emplace(sender, std::move(pipe));
  tasks_.spawn(carry(sender));
  return out;
}

Task<void> DatagramServer::carry(Endpoint sender) {
  std::optional<Error> failure;
  try {
    co_await carry_stream(*senders_.at(sender));
  } catch (const Error& error) {
    failure = error;
  }
  if (failure) {
    failed_(*failure);
    co_await system_.clock.sleep_for(kRetryPause);
  }
  senders_.erase(sender);
}

Task<void> DatagramServer::carry_stream(tunnel::DatagramPipe& pipe) {
  std::unique_ptr<Stream> stream = co_await open_();
  co_await pipe.run_unanswered(std::move(stream));
}

Task<void> DatagramServer::stop() {
  co_await tasks_.stop();
  senders_.clear();
}

}  // namespace shoal::service
