#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "format/multiaddr.h"
#include "format/peer_id.h"

namespace shoal::relay {

/// Of one message, without its length: libp2p specs, circuit-v2.
inline constexpr std::size_t kMaxMessageBytes = 4 * 1024;

/// Others than these are passed on as they came.
enum class Status : std::uint32_t {
  unused = 0,
  ok = 100,
  reservation_refused = 200,
  resource_limit_exceeded = 201,
  permission_denied = 202,
  connection_failed = 203,
  no_reservation = 204,
  malformed_message = 400,
  unexpected_message = 401,
};
/// In a few words, for an error.
std::string describe(Status status);

/// What a relay lets through one circuit; 0: no limit.
struct Limit {
  std::uint32_t seconds = 0;
  std::uint64_t bytes = 0;  // each way

  bool unlimited() const { return seconds == 0 && bytes == 0; }
  bool operator==(const Limit&) const = default;
};

struct Reservation {
  static constexpr std::size_t kMaxAddresses = 32;

  std::uint64_t expires = 0;           // Unix seconds
  std::vector<Multiaddr> addresses{};  // of the relay, each with its /p2p
  Bytes voucher{};

  bool operator==(const Reservation&) const = default;
};

/// Between a relay and who uses it.
struct HopMessage {
  enum class Type : std::uint8_t { reserve = 0, connect = 1, status = 2 };

  Type type = Type::reserve;
  std::optional<PeerId> peer{};  // to connect to
  std::optional<Reservation> reservation{};
  std::optional<Limit> limit{};
  Status status = Status::unused;

  Bytes encode() const;
  /// Addresses that cannot be read are left out, so are those beyond Reservation::kMaxAddresses.
  /// Throws Error{malformed}, {limit}.
  static HopMessage decode(ByteView bytes);
  bool operator==(const HopMessage&) const = default;
};

/// Between a relay and who is connected to through it.
struct StopMessage {
  enum class Type : std::uint8_t { connect = 0, status = 1 };

  Type type = Type::connect;
  std::optional<PeerId> peer{};  // who connects
  std::optional<Limit> limit{};
  Status status = Status::unused;

  Bytes encode() const;
  /// Throws Error{malformed}, {limit}.
  static StopMessage decode(ByteView bytes);
  bool operator==(const StopMessage&) const = default;
};

}  // namespace shoal::relay
