#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>

#include "base/log_gate.h"

namespace shoal {

namespace {

std::atomic<LogLevel> current_level{LogLevel::warning};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::trace:
      return spdlog::level::trace;
  }
  return spdlog::level::info;
}

spdlog::logger& stderr_logger() {
  static const auto logger = [] {
    auto made = spdlog::stderr_color_mt("shoal");
    made->set_level(spdlog::level::trace);
    made->set_pattern("%H:%M:%S.%e %^%l%$ %v");
    return made;
  }();
  return *logger;
}

std::optional<std::uint64_t> admit(const std::source_location& where) {
  static std::mutex mutex;
  static LogGate gate;
  const std::lock_guard lock(mutex);
  return gate.admit(where.file_name(), where.line(),
                    std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

void set_log_level(LogLevel level) {
  current_level = level;
}

LogLevel log_level() {
  return current_level;
}

void write_log(LogLevel level, std::string_view message, std::source_location where) {
  const auto left_out = admit(where);
  if (!left_out) return;
  if (*left_out > 0) {
    stderr_logger().log(to_spdlog(level), "{} ({} more like it before)", message, *left_out);
  } else {
    stderr_logger().log(to_spdlog(level), "{}", message);
  }
}

}  // namespace shoal
