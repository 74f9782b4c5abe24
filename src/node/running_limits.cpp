#include "node/running_limits.h"

#include <charconv>
#include <string_view>

#include "base/error.h"
#include "base/log.h"
#include "system/whole_file.h"

namespace shoal::node {

namespace {

constexpr const char* kOrderFile = "limits";
constexpr std::size_t kMaxOrderBytes = 256;

std::string order_path(const std::string& home) {
  return home + "/" + kOrderFile;
}

std::string order_line(std::string_view name, const std::optional<std::uint64_t>& rate) {
  if (!rate) return {};
  return std::string(name) + " " + std::to_string(*rate) + "\n";
}

std::string read_order(Storage& storage, const std::string& path) {
  try {
    const auto bytes = read_whole(storage, path, kMaxOrderBytes);
    if (bytes) return std::string(bytes->begin(), bytes->end());
  } catch (const Error& error) {
    log_debug("limits: {}", error.what());
  }
  return {};
}

/// None unless it is `name NUMBER`.
std::optional<std::uint64_t> rate_in(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || text.size() <= name.size() || text[name.size()] != ' ') {
    return std::nullopt;
  }
  text.remove_prefix(name.size() + 1);
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

RunningLimits parse_order(std::string_view text) {
  RunningLimits out;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, length);
    if (const auto up = rate_in(one, "up")) out.up = up;
    if (const auto down = rate_in(one, "down")) out.down = down;
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return out;
}

}  // namespace

/// The time makes each order another one, also when it is for the same limits.
void order_limits(System& system, const std::string& home, const RunningLimits& limits) {
  const auto now = system.clock.wall_now().time_since_epoch().count();
  const std::string text = "ordered " + std::to_string(now) + "\n" + order_line("up", limits.up) +
                           order_line("down", limits.down);
  replace_whole(system.storage, order_path(home), as_bytes(text));
}

LimitOrders::LimitOrders(Storage& storage, const std::string& home)
    : storage_(storage), path_(order_path(home)), seen_(read_order(storage, path_)) {}

std::optional<RunningLimits> LimitOrders::next() {
  std::string order = read_order(storage_, path_);
  if (order.empty() || order == seen_) return std::nullopt;
  seen_ = std::move(order);
  return parse_order(seen_);
}

}  // namespace shoal::node
