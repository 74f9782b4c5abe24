#include "net/security/tls/tls_stream.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace shoal::net {

namespace {

/// Records sealed before they are handed on: enough to make a write worth its cost.
constexpr std::size_t kMaxSealedRecordBytes =
    16 * (tls::kMaxContentBytes + tls::kRecordOverheadBytes);
/// What opening a record costs beside its content, counted in bytes: header, tag and the cipher's
/// start.
constexpr std::size_t kRecordCostBytes = 64;

}  // namespace

Task<std::size_t> TlsStream::read_some(MutableBytes into) {
  while (true) {
    const std::size_t taken = take_opened(into);
    if (taken > 0 || ended_) co_return taken;
    const MutableBytes space = buffer_.space();
    const std::size_t got = co_await under_->read_some(space);
    if (got == 0) throw Error(ErrorCode::closed, "the connection was cut short");
    buffer_.filled(got);
  }
}

/// As much as is there and fits; records that fit whole are opened where they are wanted.
std::size_t TlsStream::take_opened(MutableBytes into) {
  std::size_t taken = 0;
  while (taken < into.size() && !ended_) {
    const MutableBytes rest = into.subspan(taken);
    if (!opened_.empty()) {
      const std::size_t count = std::min(rest.size(), opened_.size());
      std::ranges::copy(opened_.first(count), rest.begin());
      opened_ = opened_.subspan(count);
      taken += count;
      continue;
    }
    if (!record_) record_ = buffer_.next_frame();
    if (!record_) break;
    // A record that does not fit behind others fits next time, and is not moved then.
    if (taken > 0 && tls::RecordOpener::space_for(record_->size()) > rest.size()) break;
    taken += open_record(*std::exchange(record_, std::nullopt), rest);
  }
  return taken;
}

/// Returns what of its data went to `into`; what does not fit there is opened in place.
std::size_t TlsStream::open_record(MutableBytes record, MutableBytes into) {
  const std::size_t space = tls::RecordOpener::space_for(record.size());
  const bool fits = space <= into.size();
  const MutableBytes out = fits ? into.first(space) : record.subspan(tls::kHeaderBytes, space);
  const tls::RecordOpener::Opened opened = opener_.open(record, out);
  overhead_bytes_ += kRecordCostBytes;
  const MutableBytes content = out.first(opened.bytes);
  if (opened.type != tls::ContentType::application_data || content.empty()) {
    obey(control_.read(opened.type, content));
    return 0;
  }
  control_.data_arrived();
  if (fits) return content.size();
  opened_ = content;
  return 0;
}

void TlsStream::obey(tls::Request request) {
  if (request == tls::Request::end) ended_ = true;
  if (request == tls::Request::update_both) owes_update_ = true;
  if (request == tls::Request::update_both || request == tls::Request::update_receiving) {
    opener_.update();
  }
}

Task<void> TlsStream::write(std::span<const ByteView> pieces) {
  Gathered left(pieces);
  const std::size_t size =
      std::min(tls::RecordSealer::sealed_bytes(left.remaining_bytes()), kMaxSealedRecordBytes);
  const auto sealed = std::make_unique_for_overwrite<std::uint8_t[]>(size);
  while (left.remaining_bytes() > 0) {
    if (owes_update_ || sealer_.worn_out()) co_await update_sending_key();
    const std::size_t count = sealer_.seal(left, MutableBytes(sealed.get(), size));
    co_await write_all(*under_, ByteView(sealed.get(), count));
  }
}

Task<void> TlsStream::update_sending_key() {
  owes_update_ = false;
  const Bytes record = sealer_.seal(tls::ContentType::handshake, tls::kKeyUpdate);
  sealer_.update();
  co_await write_all(*under_, record);
}

Task<void> TlsStream::close_write() {
  const Bytes record = sealer_.seal(tls::ContentType::alert, tls::kCloseNotify);
  co_await write_all(*under_, record);
  co_await under_->close_write();
}

std::size_t TlsStream::take_overhead_bytes() noexcept {
  return std::exchange(overhead_bytes_, 0);
}

}  // namespace shoal::net
