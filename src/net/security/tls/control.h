#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "net/security/tls/record.h"

namespace shoal::tls {

/// What a record that carries no data asks for.
enum class Request {
  nothing,
  end,               // close_notify: the peer sends no more
  update_receiving,  // its next record is under a new key
  update_both,       // and it wants one for what we send
};

/// Reads alerts and what is left of the handshake protocol after the handshake (RFC 8446, sections
/// 4.6 and 6): new session tickets, which are skipped, and key updates. Keeps no memory.
class ControlReader {
 public:
  /// Records without data, one after another. Servers send two to four tickets at the start.
  static constexpr std::size_t kMaxRecordsInRow = 32;
  static constexpr std::size_t kMaxTicketBytes = 16'384;

  /// Throws Error{closed} for an alert that breaks the connection off, Error{malformed} for other
  /// messages or types, Error{limit} for too many or too long ones.
  Request read(ContentType type, ByteView content);
  /// Data came in between.
  void data_arrived() { records_in_row_ = 0; }

 private:
  Request read_alert(ByteView content);
  Request read_handshake(ByteView content);
  void take_header(ByteView& content);

  std::array<std::uint8_t, 4> header_{};
  std::size_t header_taken_ = 0;
  std::size_t to_skip_ = 0;  // of a ticket
  std::size_t records_in_row_ = 0;
};

/// Records to send, by their content.
inline constexpr std::array<std::uint8_t, 2> kCloseNotify = {1, 0};
/// Does not ask for the same of the peer.
inline constexpr std::array<std::uint8_t, 5> kKeyUpdate = {24, 0, 0, 1, 0};

}  // namespace shoal::tls
