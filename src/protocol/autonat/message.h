#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "base/bytes.h"

namespace shoal::autonat {

// libp2p/specs autonat-v2, RPC messages. Numbers that are not listed come through as they are.

enum class ResponseStatus : std::uint32_t {
  internal_error = 0,
  request_rejected = 100,
  dial_refused = 101,
  ok = 200
};

enum class DialStatus : std::uint32_t {
  unused = 0,
  dial_error = 100,
  dial_back_error = 101,
  ok = 200
};

/// Addresses in binary form, the most important one first; those that are none are the reader's to
/// skip.
struct DialRequest {
  static constexpr std::size_t kMaxAddresses = 64;
  std::vector<Bytes> addresses{};
  std::uint64_t nonce = 0;
  bool operator==(const DialRequest&) const = default;
};

struct DialResponse {
  ResponseStatus status = ResponseStatus::internal_error;
  std::uint32_t address_index = 0;
  DialStatus dial_status = DialStatus::unused;
  bool operator==(const DialResponse&) const = default;
};

struct DialDataRequest {
  std::uint32_t address_index = 0;
  std::uint64_t bytes = 0;
  bool operator==(const DialDataRequest&) const = default;
};

struct DialDataResponse {
  static constexpr std::size_t kMaxBytes = 4096;
  Bytes data{};
  bool operator==(const DialDataResponse&) const = default;
};

using Message = std::variant<DialRequest, DialResponse, DialDataRequest, DialDataResponse>;

/// Of every message on the streams of both protocols.
inline constexpr std::size_t kMaxMessageBytes = 8 * 1024;

Bytes encode(const Message& message);
/// Throws Error{malformed}, and {limit} for too many addresses or too much data.
Message decode(ByteView bytes);

Bytes encode_dial_back(std::uint64_t nonce);
/// The nonce. Throws Error{malformed}.
std::uint64_t decode_dial_back(ByteView bytes);
/// The only answer there is.
Bytes encode_dial_back_response();

}  // namespace shoal::autonat
