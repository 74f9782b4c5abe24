#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "net/negotiation/dialer.h"
#include "net/negotiation/line.h"

namespace shoal::multistream {

/// The side that answers proposals, without I/O.
///
///      header ◄──► header ──► pending ── a protocol we speak: echo ──► agreed
///                              │   ▲
///                              └───┘ another (or "ls", as in go-libp2p): "na"
class Listener {
 public:
  /// Proposals refused before we give up on the other side.
  static constexpr std::size_t kMaxProposals = 32;

  using Speaks = std::function<bool(std::string_view protocol)>;

  explicit Listener(Speaks speaks) : speaks_(std::move(speaks)) {}
  explicit Listener(std::vector<std::string> protocols);

  /// Takes the bytes of the negotiation off `received`, and none that follow it; returns the bytes
  /// to send, if any. Throws Error{malformed} when the other side speaks something else, and
  /// Error{limit} for lines that are too long and for proposal kMaxProposals + 1.
  Bytes receive(ByteView& received);
  /// While pending: how many of the next bytes surely belong to the negotiation; at least 1.
  std::size_t missing() const { return reader_.missing(); }

  /// Never failed: after "na" the other side may always propose something else.
  Progress progress() const { return progress_; }
  /// Once agreed.
  const std::string& protocol() const { return protocol_; }

 private:
  void answer_line(std::string line, Bytes& out);

  Speaks speaks_;
  std::string protocol_;
  std::size_t proposals_ = 0;
  bool header_received_ = false;
  Progress progress_ = Progress::pending;
  LineReader reader_;
};

}  // namespace shoal::multistream
