#include "cli/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace shoal::cli {

bool stdin_is_terminal() {
  return ::isatty(STDIN_FILENO) != 0;
}

bool stdout_is_terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}

bool stdout_is_file() {
  struct stat info{};
  if (::fstat(STDOUT_FILENO, &info) != 0) return false;
  return S_ISREG(info.st_mode) || (S_ISCHR(info.st_mode) && !stdout_is_terminal());
}

bool stderr_is_terminal() {
  const char* kind = std::getenv("TERM");
  const bool dumb = kind != nullptr && std::string_view(kind) == "dumb";
  return ::isatty(STDERR_FILENO) == 1 && !dumb;
}

namespace {

winsize window() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return size;
}

}  // namespace

std::size_t terminal_width() {
  const auto columns = window().ws_col;
  return columns == 0 ? 80 : columns;
}

std::size_t terminal_height() {
  const auto rows = window().ws_row;
  return rows == 0 ? 24 : rows;
}

namespace {

/// Of the process, as the terminal is: to be restored on every way out.
std::optional<termios> terminal_before;

}  // namespace

void take_terminal_keys() {
  termios mode{};
  if (terminal_before || ::tcgetattr(STDIN_FILENO, &mode) != 0) return;
  terminal_before = mode;
  mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

void restore_terminal() {
  if (!terminal_before) return;
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &*terminal_before);
  terminal_before.reset();
  constexpr std::string_view kNewLine = "\r\x1b[K";
  if (takes_a_line(STDOUT_FILENO)) {
    [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, kNewLine.data(), kNewLine.size());
  }
}

bool takes_a_line(int file) {
  pollfd asked{.fd = file, .events = POLLOUT, .revents = 0};
  return ::poll(&asked, 1, 0) != 0;
}

void prepare_process() {
  std::signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);  // refused, the old limit stays
  }
}

}  // namespace shoal::cli
