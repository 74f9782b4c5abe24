#include "net/security/pnet/private_stream.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "crypto/xsalsa20.h"
#include "net/security/gathered.h"

namespace shoal::net {

namespace {

using crypto::XSalsa20;

/// Encrypted before it is handed on: enough to make a write worth its cost.
constexpr std::size_t kMaxWriteBytes = 256 * 1024;

/// The length and text with which multistream-select begins on both sides.
constexpr std::string_view kFirstBytes = "\x13/multistream/1.0.0\n";

class PrivateStream final : public Stream {
 public:
  PrivateStream(std::unique_ptr<Stream> under, const pnet::NetworkKey& key,
                const XSalsa20::Nonce& nonce)
      : under_(std::move(under)), key_(key), nonce_(nonce), sending_(key.bytes(), nonce) {}

  Task<std::size_t> read_some(MutableBytes into) override {
    if (checked_ < kFirstBytes.size()) co_return co_await first_read(into);
    co_return co_await read_decrypted(into);
  }

  Task<void> write(std::span<const ByteView> pieces) override {
    Gathered left(pieces);
    const std::size_t nonce_bytes = nonce_sent_ ? 0 : nonce_.size();
    const std::size_t size = std::min(left.remaining_bytes() + nonce_bytes, kMaxWriteBytes);
    if (size == 0) co_return;
    const auto buffer = std::make_unique_for_overwrite<std::uint8_t[]>(size);
    const MutableBytes out(buffer.get(), size);
    std::size_t at = put_nonce(out);
    do {
      at += put(left, out.subspan(at));
      co_await write_all(*under_, out.first(at));
      at = 0;
    } while (left.remaining_bytes() > 0);
  }

  Task<void> close_write() override { return under_->close_write(); }
  void abort() noexcept override { under_->abort(); }

 private:
  /// Somebody with another key reads no more of ours than we of theirs, and hangs up.
  Task<std::size_t> first_read(MutableBytes into) {
    try {
      if (!receiving_) co_await read_nonce();
      const std::size_t got = co_await read_decrypted(into);
      check_first_bytes(into.first(got));
      if (got > 0) co_return got;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::closed) throw;
    }
    throw Error(ErrorCode::closed, "the peer hung up without a word in our private network", {},
                key_hint());
  }

  Task<std::size_t> read_decrypted(MutableBytes into) {
    const std::size_t got = co_await under_->read_some(into);
    receiving_->apply(into.first(got), into.first(got));
    co_return got;
  }

  std::string key_hint() const {
    return "give both nodes the same key file; ours has the fingerprint " + key_.fingerprint();
  }

  Task<void> read_nonce() {
    XSalsa20::Nonce nonce{};
    co_await read_exactly(*under_, nonce);
    receiving_.emplace(key_.bytes(), nonce);
  }

  std::size_t put_nonce(MutableBytes out) {
    if (std::exchange(nonce_sent_, true)) return 0;
    std::ranges::copy(nonce_, out.begin());
    return nonce_.size();
  }

  std::size_t put(Gathered& from, MutableBytes out) {
    const std::size_t size = std::min(from.remaining_bytes(), out.size());
    views_.clear();
    from.take(size, views_);
    MutableBytes rest = out;
    for (const ByteView view : views_) {
      sending_.apply(view, rest.first(view.size()));
      rest = rest.subspan(view.size());
    }
    return size;
  }

  void check_first_bytes(ByteView read) {
    const std::size_t count = std::min(read.size(), kFirstBytes.size() - checked_);
    if (as_text(read.first(count)) != kFirstBytes.substr(checked_, count)) {
      throw Error(
          ErrorCode::refused, "the peer does not have the key of our private network", {},
          "give both nodes the same key file; ours has the fingerprint " + key_.fingerprint());
    }
    checked_ += count;
  }

  std::unique_ptr<Stream> under_;
  const pnet::NetworkKey key_;
  const XSalsa20::Nonce nonce_;
  XSalsa20 sending_;
  std::optional<XSalsa20> receiving_;
  std::vector<ByteView> views_;  // of the current write; kept for its memory
  std::size_t checked_ = 0;
  bool nonce_sent_ = false;
};

}  // namespace

std::unique_ptr<Stream> make_private(Random& random, std::unique_ptr<Stream> stream,
                                     const pnet::NetworkKey& key) {
  XSalsa20::Nonce nonce{};
  random.fill(nonce);
  return std::make_unique<PrivateStream>(std::move(stream), key, nonce);
}

}  // namespace shoal::net
