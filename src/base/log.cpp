#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

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

constexpr const char* kPattern = "%H:%M:%S.%e %^%l%$ %v";
constexpr const char* kClearLine = "\r\x1b[K";

spdlog::logger& stderr_logger() {
  static const auto logger = [] {
    auto made = spdlog::stderr_color_mt("shoal");
    made->set_level(spdlog::level::trace);
    made->set_pattern(kPattern);
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

void set_log_look(bool terminal, bool colored) {
  spdlog::logger& logger = stderr_logger();
  logger.set_pattern(terminal ? std::string(kClearLine) + kPattern : kPattern);
  const auto mode = colored ? spdlog::color_mode::always : spdlog::color_mode::never;
  for (const auto& sink : logger.sinks()) {
    if (auto* colors = dynamic_cast<spdlog::sinks::stderr_color_sink_mt*>(sink.get())) {
      colors->set_color_mode(mode);
    }
  }
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
