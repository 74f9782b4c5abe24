#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "system/time.h"

namespace shoal::cli {

// Numbers as people write and read them. All parsers throw Error{usage} naming `flag`.

/// "500", "500K", "20M", "1.5G", "2T": powers of 1000.
std::uint64_t parse_size(std::string_view flag, std::string_view text);
/// "500ms", "10s", "5m", "2h"; more than nothing, at most 1000 days.
Duration parse_time(std::string_view flag, std::string_view text);
/// Decimal digits only.
std::uint64_t parse_count(std::string_view flag, std::string_view text);

/// At most 8 characters: "512 B", "1.5 MB", "20 GB". Powers of 1000.
std::string format_size(std::uint64_t bytes);
/// "300 ms", "45 s", "3 min 20 s", "2 h 5 min"; from 100 hours on "over 4 days".
std::string format_time(Duration duration);

double to_seconds(Duration duration);

}  // namespace shoal::cli
