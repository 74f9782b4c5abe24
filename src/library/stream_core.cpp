#include "library/stream_core.h"

#include <utility>

#include "base/error.h"
#include "net/framing.h"

namespace shoal::library {

OpenStreams::~OpenStreams() {
  SHOAL_CHECK(first_ == nullptr);
}

void OpenStreams::add(StreamCore& stream) {
  stream.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &stream;
  first_ = &stream;
}

void OpenStreams::remove(StreamCore& stream) {
  if (stream.previous_ != nullptr) stream.previous_->next_ = stream.next_;
  if (stream.next_ != nullptr) stream.next_->previous_ = stream.previous_;
  if (first_ == &stream) first_ = stream.next_;
  stream.previous_ = nullptr;
  stream.next_ = nullptr;
}

void OpenStreams::take_all_back() {
  while (first_ != nullptr) first_->take_back();
}

/// One read, or one write, at a time.
class StreamCore::Busy {
 public:
  Busy(bool& busy, const char* doing) : busy_(busy) {
    if (busy_) {
      throw Error(ErrorCode::usage, std::string("another coroutine is ") + doing + " this stream");
    }
    busy_ = true;
  }
  ~Busy() { busy_ = false; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  bool& busy_;
};

std::shared_ptr<StreamCore> StreamCore::make(std::shared_ptr<Loop> loop, OpenStreams& open,
                                             net::ProtocolStream stream,
                                             net::IngressLimiter::Solicited expected) {
  const auto destroy = [](StreamCore* core) {
    const std::shared_ptr<Loop> its_loop = core->loop_;
    const bool elsewhere = !its_loop->on_thread() && its_loop->post([core] { delete core; });
    // Without a loop, the node has taken back what is in it.
    if (!elsewhere) delete core;
  };
  return {new StreamCore(std::move(loop), open, std::move(stream), std::move(expected)), destroy};
}

StreamCore::StreamCore(std::shared_ptr<Loop> loop, OpenStreams& open, net::ProtocolStream stream,
                       net::IngressLimiter::Solicited expected)
    : loop_(std::move(loop)),
      peer_id_(stream.peer.to_string()),
      protocol_(std::move(stream.protocol)),
      open_(&open),
      stream_(std::move(stream.stream)),
      expected_(std::move(expected)) {
  open.add(*this);
}

StreamCore::~StreamCore() {
  if (open_ != nullptr) open_->remove(*this);
}

void StreamCore::take_back() {
  stream_.reset();
  expected_.end();
  std::exchange(open_, nullptr)->remove(*this);
}

Stream& StreamCore::stream() {
  if (stream_ == nullptr) throw Error(ErrorCode::closed, "this node has stopped", peer_id_);
  return *stream_;
}

Task<std::size_t> StreamCore::read_some(MutableBytes into) {
  const Busy busy(reading_, "reading");
  if (into.empty()) throw Error(ErrorCode::usage, "a read of no bytes", peer_id_);
  const std::size_t count = co_await stream().read_some(into);
  co_return count;
}

Task<void> StreamCore::read_exactly(MutableBytes into) {
  const Busy busy(reading_, "reading");
  co_await shoal::read_exactly(stream(), into);
}

Task<void> StreamCore::write(ByteView bytes) {
  const Busy busy(writing_, "writing");
  co_await write_all(stream(), bytes);
}

Task<std::optional<Bytes>> StreamCore::read_message(std::size_t max_bytes) {
  const Busy busy(reading_, "reading");
  std::optional<Bytes> message = co_await net::read_message(stream(), max_bytes);
  co_return message;
}

Task<void> StreamCore::write_message(ByteView message) {
  const Busy busy(writing_, "writing");
  co_await net::write_message(stream(), message);
}

Task<void> StreamCore::close() {
  const Busy busy(writing_, "writing");
  co_await stream().close_write();
}

void StreamCore::reset() noexcept {
  if (stream_ != nullptr) stream_->abort();
}

void StreamCore::release(std::shared_ptr<StreamCore> stream) noexcept {
  Loop& loop = *stream->loop_;
  // Whoever still waits for it holds it, too.
  const auto let_go = [](const std::shared_ptr<StreamCore>& last) {
    if (last->reading_ || last->writing_) last->reset();
  };
  if (loop.on_thread()) return let_go(stream);
  loop.post([last = std::move(stream), let_go] { let_go(last); });
}

}  // namespace shoal::library
