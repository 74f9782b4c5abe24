#include <shoal/stream.h>

#include <memory>
#include <utility>

#include "library/bridge.h"
#include "library/stream_core.h"

namespace shoal {

namespace {

using CorePtr = std::shared_ptr<library::StreamCore>;

MutableBytes own_view(std::span<std::byte> memory) {
  return {reinterpret_cast<std::uint8_t*>(memory.data()), memory.size()};
}

ByteView own_view(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

// Coroutines of their own, for these outlive a PeerStream that is moved.

Async<ByteVector> read_from(CorePtr core, std::size_t at_most) {
  const std::size_t most = std::min(at_most, PeerStream::kMaxReadBytes);
  // Not touched before bytes have come: a read that waits takes hardly any memory.
  const auto memory = std::make_unique_for_overwrite<std::byte[]>(most);
  Task<std::size_t> reading = core->read_some(own_view(std::span(memory.get(), most)));
  const std::size_t count = co_await library::wait_for(core->loop(), std::move(reading));
  co_return ByteVector(memory.get(), memory.get() + count);
}

Async<std::size_t> read_from(CorePtr core, std::span<std::byte> memory) {
  Task<std::size_t> reading = core->read_some(own_view(memory));
  const std::size_t count = co_await library::wait_for(core->loop(), std::move(reading));
  co_return count;
}

Async<void> read_all_from(CorePtr core, std::span<std::byte> memory) {
  co_await library::WaitForTask(core->loop(), core->read_exactly(own_view(memory)));
}

Async<void> write_to(CorePtr core, std::span<const std::byte> bytes) {
  co_await library::WaitForTask(core->loop(), core->write(own_view(bytes)));
}

Async<void> write_text_to(CorePtr core, std::string text) {
  co_await library::WaitForTask(core->loop(), core->write(as_bytes(text)));
}

Async<std::optional<ByteVector>> read_message_from(CorePtr core, std::size_t max_bytes) {
  Task<std::optional<Bytes>> reading = core->read_message(max_bytes);
  const std::optional<Bytes> message = co_await library::wait_for(core->loop(), std::move(reading));
  if (!message) co_return std::nullopt;
  const auto bytes = std::as_bytes(std::span(*message));
  co_return ByteVector(bytes.begin(), bytes.end());
}

Async<void> write_message_to(CorePtr core, std::span<const std::byte> message) {
  co_await library::WaitForTask(core->loop(), core->write_message(own_view(message)));
}

Async<void> write_text_message_to(CorePtr core, std::string text) {
  co_await library::WaitForTask(core->loop(), core->write_message(as_bytes(text)));
}

Async<void> close_half_of(CorePtr core) {
  co_await library::WaitForTask(core->loop(), core->close());
}

}  // namespace

PeerStream::PeerStream(CorePtr core) noexcept : core_(std::move(core)) {}

PeerStream::PeerStream(PeerStream&& other) noexcept = default;

PeerStream& PeerStream::operator=(PeerStream&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

PeerStream::~PeerStream() {
  if (core_) library::StreamCore::release(std::move(core_));
}

Async<ByteVector> PeerStream::read(std::size_t at_most) {
  return read_from(core_, at_most);
}

Async<std::size_t> PeerStream::read_into(std::span<std::byte> memory) {
  return read_from(core_, memory);
}

Async<void> PeerStream::read_exactly(std::span<std::byte> memory) {
  return read_all_from(core_, memory);
}

Async<void> PeerStream::write(std::span<const std::byte> bytes) {
  return write_to(core_, bytes);
}

Async<void> PeerStream::write(std::string text) {
  return write_text_to(core_, std::move(text));
}

Async<std::optional<ByteVector>> PeerStream::read_message(std::size_t max_bytes) {
  return read_message_from(core_, max_bytes);
}

Async<void> PeerStream::write_message(std::span<const std::byte> message) {
  return write_message_to(core_, message);
}

Async<void> PeerStream::write_message(std::string text) {
  return write_text_message_to(core_, std::move(text));
}

Async<void> PeerStream::close() {
  return close_half_of(core_);
}

void PeerStream::reset() noexcept {
  core_->loop().post([core = core_] { core->reset(); });
}

const std::string& PeerStream::peer_id() const {
  return core_->peer_id();
}

const std::string& PeerStream::protocol() const {
  return core_->protocol();
}

}  // namespace shoal
