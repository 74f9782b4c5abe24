#include "system/default_route.h"

#include <charconv>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/error.h"

namespace shoal {

namespace {

constexpr const char* kTable = "/proc/net/route";
constexpr std::size_t kMaxTableBytes = 64 * 1024;
constexpr std::uint32_t kHasGateway = 2;  // RTF_GATEWAY

/// Columns of a row.
enum : std::size_t { kDestination = 1, kGateway = 2, kFlags = 3, kMetric = 6, kMask = 7, kColumns };

std::vector<std::string_view> columns_of(std::string_view row) {
  std::vector<std::string_view> out;
  while (out.size() < kColumns) {
    const std::size_t begin = row.find_first_not_of(" \t");
    if (begin == std::string_view::npos) break;
    row.remove_prefix(begin);
    const std::size_t end = row.find_first_of(" \t");
    out.push_back(row.substr(0, end));
    if (end == std::string_view::npos) break;
    row.remove_prefix(end);
  }
  return out;
}

std::optional<std::uint32_t> number(std::string_view text, int base) {
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

std::optional<IpAddress> parse_default_router(std::string_view table) {
  std::optional<IpAddress> best;
  std::uint32_t best_metric = std::numeric_limits<std::uint32_t>::max();
  while (!table.empty()) {
    const std::size_t end = table.find('\n');
    const auto columns = columns_of(table.substr(0, end));
    table.remove_prefix(end == std::string_view::npos ? table.size() : end + 1);
    if (columns.size() < kColumns) continue;
    const auto destination = number(columns[kDestination], 16);
    const auto gateway = number(columns[kGateway], 16);
    const auto flags = number(columns[kFlags], 16);
    const auto metric = number(columns[kMetric], 10);
    const auto mask = number(columns[kMask], 16);
    if (!destination || !gateway || !flags || !metric || !mask) continue;
    const bool is_default = *destination == 0 && *mask == 0 && (*flags & kHasGateway) != 0;
    if (!is_default || *gateway == 0 || *metric >= best_metric) continue;
    // Written as the processor has it in memory: the machines that we run on are little-endian.
    best = IpAddress::v4(
        {static_cast<std::uint8_t>(*gateway), static_cast<std::uint8_t>(*gateway >> 8),
         static_cast<std::uint8_t>(*gateway >> 16), static_cast<std::uint8_t>(*gateway >> 24)});
    best_metric = *metric;
  }
  return best;
}

std::optional<IpAddress> default_router(Storage& storage) {
  try {
    Bytes text(kMaxTableBytes);
    text.resize(storage.open(kTable, Access::read)->read_at(0, text));
    return parse_default_router(as_text(text));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace shoal
