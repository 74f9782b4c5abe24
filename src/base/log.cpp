#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>

#include "base/display_text.h"
#include "base/error.h"
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

/// Locked by those who call the sink, so that one that was replaced is used no more.
struct Sink {
  std::shared_mutex mutex;
  LogSink call;
};

Sink& current_sink() {
  static Sink& sink = *new Sink;  // for ever: globals may log when they are destroyed
  return sink;
}

thread_local bool inside_sink = false;

/// False when there is none.
bool write_to_sink(LogLevel level, std::string_view message) {
  if (inside_sink) return true;
  Sink& sink = current_sink();
  const std::shared_lock lock(sink.mutex);
  if (!sink.call) return false;
  inside_sink = true;
  try {
    sink.call(level, message);
  } catch (...) {
    // There is nowhere to tell it.
  }
  inside_sink = false;
  return true;
}

void write_line(LogLevel level, std::string_view message) {
  if (!write_to_sink(level, message))
    stderr_logger().log(to_spdlog(level), "{}", for_terminal(message));
}

}  // namespace

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "error";
    case LogLevel::warning:
      return "warning";
    case LogLevel::info:
      return "info";
    case LogLevel::debug:
      return "debug";
    case LogLevel::trace:
      return "trace";
  }
  return "";
}

void set_log(LogSink sink, LogLevel level) {
  if (inside_sink) throw Error(ErrorCode::usage, "a log sink cannot replace itself");
  LogSink last;  // freed without the lock: it may hold anything
  {
    const std::unique_lock lock(current_sink().mutex);
    last = std::exchange(current_sink().call, std::move(sink));
    current_level = level;
  }
}

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
  if (*left_out == 0) return write_line(level, message);
  write_line(level, fmt::format("{} ({} more like it before)", message, *left_out));
}

}  // namespace shoal
