#include "net/security/tls/control.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace shoal::tls {

namespace {

constexpr std::uint8_t kNewSessionTicket = 4;
constexpr std::uint8_t kKeyUpdateType = 24;
constexpr std::uint8_t kUserCanceled = 90;

/// The descriptions that say something to who reads a log.
const char* alert_name(std::uint8_t description) {
  switch (description) {
    case 10:
      return "unexpected message";
    case 20:
      return "bad record";
    case 40:
      return "handshake failure";
    case 42:
      return "bad certificate";
    case 45:
      return "certificate expired";
    case 46:
      return "certificate unknown";
    case 80:
      return "internal error";
    case 116:
      return "certificate required";
    case 120:
      return "no application protocol";
    default:
      return nullptr;
  }
}

[[noreturn]] void refuse_message() {
  throw Error(ErrorCode::malformed, "an unexpected TLS message after the handshake");
}

}  // namespace

Request ControlReader::read(ContentType type, ByteView content) {
  if (++records_in_row_ > kMaxRecordsInRow) {
    throw Error(ErrorCode::limit, "too many TLS records without data");
  }
  if (type == ContentType::alert) return read_alert(content);
  if (type == ContentType::handshake && !content.empty()) return read_handshake(content);
  if (type != ContentType::application_data || !content.empty()) refuse_message();
  return Request::nothing;
}

Request ControlReader::read_alert(ByteView content) {
  if (content.size() != kCloseNotify.size()) {
    throw Error(ErrorCode::malformed, "a TLS alert does not have two bytes");
  }
  const std::uint8_t description = content[1];
  if (description == kCloseNotify[1]) return Request::end;
  if (description == kUserCanceled) return Request::nothing;
  const char* name = alert_name(description);
  throw Error(ErrorCode::closed, "the peer broke the TLS connection off: " +
                                     (name ? name : "alert " + std::to_string(description)));
}

/// Messages may share a record and, but for key updates, span several.
Request ControlReader::read_handshake(ByteView content) {
  Request request = Request::nothing;
  while (!content.empty()) {
    if (request != Request::nothing) refuse_message();  // under the old key, though it has ended
    if (to_skip_ > 0) {
      const std::size_t count = std::min(to_skip_, content.size());
      to_skip_ -= count;
      content = content.subspan(count);
      continue;
    }
    take_header(content);
    if (header_taken_ < header_.size()) break;
    header_taken_ = 0;
    const std::size_t bytes =
        std::size_t{header_[1]} << 16 | std::size_t{header_[2]} << 8 | header_[3];
    if (header_[0] == kNewSessionTicket) {
      if (bytes > kMaxTicketBytes) throw Error(ErrorCode::limit, "a TLS ticket is too long");
      to_skip_ = bytes;
    } else if (header_[0] == kKeyUpdateType && bytes == 1 && content.size() == 1 &&
               content[0] <= 1) {
      request = content[0] == 0 ? Request::update_receiving : Request::update_both;
      content = content.subspan(1);
    } else {
      refuse_message();
    }
  }
  return request;
}

void ControlReader::take_header(ByteView& content) {
  const std::size_t count = std::min(header_.size() - header_taken_, content.size());
  std::copy_n(content.begin(), count, header_.begin() + static_cast<std::ptrdiff_t>(header_taken_));
  header_taken_ += count;
  content = content.subspan(count);
}

}  // namespace shoal::tls
