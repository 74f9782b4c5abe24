#include "net/negotiation/negotiate.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/negotiation/dialer.h"
#include "net/negotiation/listener.h"

namespace shoal::net {

namespace {

using multistream::Progress;

constexpr std::size_t kReadAtOnceBytes = 64;

/// Never beyond the end of a line, so that no byte of the next protocol is taken.
template <class Machine>
Task<void> run(Stream& stream, Machine& machine) {
  while (machine.progress() == Progress::pending) {
    std::array<std::uint8_t, kReadAtOnceBytes> buffer;
    const std::size_t count = std::min(machine.missing(), buffer.size());
    const std::size_t got = co_await stream.read_some(MutableBytes(buffer).first(count));
    if (got == 0)
      throw Error(ErrorCode::closed, "the peer closed the stream during protocol negotiation");
    ByteView received = ByteView(buffer).first(got);
    const Bytes answer = machine.receive(received);
    if (!answer.empty()) co_await write_all(stream, answer);
  }
}

std::string names(std::span<const std::string> protocols) {
  std::string out;
  for (const std::string& protocol : protocols) out += (out.empty() ? "" : ", ") + protocol;
  return out;
}

Error not_spoken(std::span<const std::string> protocols) {
  return Error(ErrorCode::unsupported, "the peer does not support " + names(protocols));
}

class LazyStream final : public Stream {
 public:
  LazyStream(std::unique_ptr<Stream> under, std::string protocol)
      : under_(std::move(under)), dialer_({std::move(protocol)}) {}

  Task<std::size_t> read_some(MutableBytes into) override {
    return dialer_.progress() == Progress::agreed ? under_->read_some(into) : first_read(into);
  }
  Task<void> wait_readable() override {
    const bool agreed = dialer_.progress() == Progress::agreed;
    return agreed ? under_->wait_readable() : Stream::wait_readable();
  }
  Task<void> write(std::span<const ByteView> pieces) override {
    if (!proposed_) return propose(pieces);
    return under_->write(pieces);
  }

  Task<void> close_write() override {
    if (!proposed_) co_await propose({});
    co_await under_->close_write();
  }

  void abort() noexcept override { under_->abort(); }

 private:
  Task<std::size_t> first_read(MutableBytes into) {
    if (!proposed_) co_await propose({});
    if (dialer_.progress() == Progress::pending) co_await run(*under_, dialer_);
    if (dialer_.progress() == Progress::failed) {
      const std::array<std::string, 1> wanted = {dialer_.protocol()};
      throw not_spoken(wanted);
    }
    co_return co_await under_->read_some(into);
  }

  Task<void> propose(std::span<const ByteView> pieces) {
    proposed_ = true;
    const Bytes proposal = dialer_.start();
    std::vector<ByteView> all = {proposal};
    all.insert(all.end(), pieces.begin(), pieces.end());
    co_await under_->write(all);
  }

  std::unique_ptr<Stream> under_;
  multistream::Dialer dialer_;
  bool proposed_ = false;
};

}  // namespace

Task<std::string> negotiate_as_dialer(Stream& stream, std::span<const std::string> protocols) {
  multistream::Dialer dialer({protocols.begin(), protocols.end()});
  const Bytes proposal = dialer.start();
  co_await write_all(stream, proposal);
  co_await run(stream, dialer);
  if (dialer.progress() == Progress::failed) throw not_spoken(protocols);
  co_return dialer.protocol();
}

Task<std::string> negotiate_as_listener(Stream& stream,
                                        std::function<bool(const std::string&)> speaks) {
  multistream::Listener listener(
      [&speaks](std::string_view protocol) { return speaks(std::string(protocol)); });
  co_await run(stream, listener);
  co_return listener.protocol();
}

std::unique_ptr<Stream> negotiate_lazily(std::unique_ptr<Stream> stream, std::string protocol) {
  return std::make_unique<LazyStream>(std::move(stream), std::move(protocol));
}

}  // namespace shoal::net
