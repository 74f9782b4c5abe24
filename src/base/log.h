#pragma once

// shoal::LogLevel and set_log() are public: their one definition is among the headers that other
// programs include.
#include <fmt/format.h>
#include <shoal/log.h>

#include <source_location>
#include <string_view>
#include <type_traits>

namespace shoal {

/// Messages above this level are dropped before they are formatted. Default: warning.
void set_log_level(LogLevel level);
LogLevel log_level();

/// How lines look: in colours or not, and, on a terminal, in place of a line of progress that is
/// drawn there. Default: neither.
void set_log_look(bool terminal, bool colored);

/// One line to the sink of set_log(), or to stderr. Safe from every thread. Use the log_*
/// functions. Beyond LogGate's bound, lines from one place are counted instead.
void write_log(LogLevel level, std::string_view message,
               std::source_location where = std::source_location::current());

/// A format that knows where it stands.
template <class... Args>
struct LogFormat {
  template <class Text>
  consteval LogFormat(const Text& its_text,
                      std::source_location its_place = std::source_location::current())
      : text(its_text), where(its_place) {}
  fmt::format_string<Args...> text;
  std::source_location where;
};

template <class... Args>
void log(LogLevel level, LogFormat<std::type_identity_t<Args>...> format, Args&&... args) {
  if (level > log_level()) return;
  write_log(level, fmt::format(format.text, std::forward<Args>(args)...), format.where);
}

template <class... Args>
void log_warning(LogFormat<std::type_identity_t<Args>...> format, Args&&... args) {
  log<Args...>(LogLevel::warning, format, std::forward<Args>(args)...);
}

template <class... Args>
void log_info(LogFormat<std::type_identity_t<Args>...> format, Args&&... args) {
  log<Args...>(LogLevel::info, format, std::forward<Args>(args)...);
}

template <class... Args>
void log_debug(LogFormat<std::type_identity_t<Args>...> format, Args&&... args) {
  log<Args...>(LogLevel::debug, format, std::forward<Args>(args)...);
}

}  // namespace shoal
