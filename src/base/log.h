#pragma once

#include <fmt/format.h>

#include <string_view>

namespace shoal {

enum class LogLevel { error, warning, info, debug, trace };

/// Messages above this level are dropped before they are formatted. Default: warning.
void set_log_level(LogLevel level);
LogLevel log_level();

/// How lines look: in colours or not, and, on a terminal, in place of a line of progress that is
/// drawn there. Default: neither.
void set_log_look(bool terminal, bool colored);

/// One line to stderr. Safe from every thread. Use the log_* functions.
void write_log(LogLevel level, std::string_view message);

template <class... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (level <= log_level()) write_log(level, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::warning, format, std::forward<Args>(args)...);
}

template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::info, format, std::forward<Args>(args)...);
}

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::debug, format, std::forward<Args>(args)...);
}

}  // namespace shoal
