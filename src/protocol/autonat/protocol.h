#pragma once

#include "system/time.h"

namespace shoal::autonat {

// AutoNAT v2: which of its addresses a node can be reached at, by the word of others who tried
// (libp2p/specs autonat-v2).

inline constexpr const char* kDialRequestProtocol = "/libp2p/autonat/2/dial-request";
inline constexpr const char* kDialBackProtocol = "/libp2p/autonat/2/dial-back";

/// For one message that is waited for.
inline constexpr Duration kMessageTimeout = 15s;
/// What dialling an address costs its asker that is not where it comes from, in bytes.
inline constexpr std::uint64_t kMinDialData = 30'000;
inline constexpr std::uint64_t kMaxDialData = 100'000;

}  // namespace shoal::autonat
