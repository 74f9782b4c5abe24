#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "net/negotiation/line.h"

namespace shoal::multistream {

enum class Progress { pending, agreed, failed };

/// The side that proposes, without I/O.
///
///      start(): header, 1st proposal ──► pending ──── its echo ────► agreed
///                                         │   ▲
///                                  "na"   │   │ next proposal
///                                         ▼   │
///                                    any left? ────── no ─────────► failed
///
/// Lazy (optimistic) negotiation is the same with one protocol: send the first payload right behind
/// start(), and give the first bytes read to receive(). No round trip is lost then; if it fails,
/// the payload was for nobody.
class Dialer {
 public:
  /// What we would like to speak, best first; at least one, each shorter than kMaxLineBytes.
  explicit Dialer(std::vector<std::string> protocols);

  /// The bytes to send at the beginning.
  Bytes start();

  /// Takes the bytes of the negotiation off `received`, and none that follow it; returns the bytes
  /// to send next, if any. Throws Error{malformed} or {limit} when the other side speaks something
  /// else.
  Bytes receive(ByteView& received);
  /// While pending: how many of the next bytes surely belong to the negotiation; at least 1.
  std::size_t missing() const { return reader_.missing(); }

  Progress progress() const { return progress_; }
  /// The protocol proposed last: the one agreed on, once progress() says so.
  const std::string& protocol() const { return protocols_[proposed_]; }

 private:
  void answer_line(const std::string& line, Bytes& out);

  std::vector<std::string> protocols_;
  std::size_t proposed_ = 0;
  bool header_received_ = false;
  Progress progress_ = Progress::pending;
  LineReader reader_;
};

}  // namespace shoal::multistream
