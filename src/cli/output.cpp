#include "cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ranges>

#include "base/display_text.h"
#include "cli/json_line.h"
#include "cli/terminal.h"

namespace shoal::cli {

namespace {

constexpr Duration kRedrawPeriod = 100ms;
constexpr Duration kLinePeriod = 10s;
constexpr std::size_t kColumnsLeftFree = 3;
constexpr std::string_view kClearLine = "\r\x1b[K";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kPlain = "\x1b[0m";

bool wants_color(ColorWhen when, bool terminal) {
  if (when != ColorWhen::automatic) return when == ColorWhen::always;
  const char* refused = std::getenv("NO_COLOR");
  return terminal && (refused == nullptr || *refused == '\0');
}

/// Text of our own in which others chose words: its line ends are ours.
std::string lines_for_terminal(std::string_view text) {
  std::string shown;
  for (const auto line : std::views::split(text, '\n')) {
    shown += for_terminal(std::string_view(line)) + "\n";
  }
  if (!shown.empty()) shown.pop_back();
  return shown;
}

}  // namespace

Output::Output(OutputOptions options)
    : options_(options),
      stdout_terminal_(stdout_is_terminal()),
      stdout_file_(stdout_is_file()),
      stderr_terminal_(stderr_is_terminal()),
      color_(wants_color(options.color, stderr_terminal_)) {}

Output::~Output() {
  end_progress();
}

bool Output::interactive() const {
  return stderr_terminal_ && !options_.json && !options_.quiet;
}

bool Output::shows_progress() const {
  return options_.progress && !options_.json && !options_.quiet;
}

Duration Output::progress_period() const {
  return shows_progress() && stderr_terminal_ ? kRedrawPeriod : Duration(500ms);
}

void Output::make_way_on_stdout() {
  // What reads a pipe may write to the same terminal.
  if (!stdout_file_) end_progress();
}

void Output::event(const boost::json::object& object) {
  if (options_.json) write_stdout(to_json_line(object));
}

void Output::news(const boost::json::object& object) {
  if (takes_a_line(STDOUT_FILENO)) event(object);
}

void Output::news(std::string_view line) {
  if (takes_a_line(STDERR_FILENO)) note(line);
}

void Output::result(std::string_view line) {
  if (options_.json) return;
  end_progress();
  write_stdout(stdout_terminal_ ? lines_for_terminal(line) : std::string(line));
}

void Output::result_bytes(ByteView bytes) {
  if (!options_.json) write_stdout(as_text(bytes), "");
}

void Output::result_name(std::string_view name) {
  if (options_.json) return;
  end_progress();
  write_stdout(stdout_terminal_ ? for_terminal(name) : std::string(name));
}

void Output::note(std::string_view line) {
  drawing(lines_for_terminal(line) + "\n");
}

void Output::drawing(std::string_view lines) {
  if (!options_.json && !options_.quiet) write_stderr(lines);
}

void Output::warning(std::string_view line) {
  write_stderr(colored("warning: ", kYellow) + for_terminal(line) + "\n");
}

void Output::failure(const Failure& failure) {
  event({{"event", "error"},
         {"code", failure.name},
         {"message", failure.message},
         {"hint", failure.hint}});
  if (options_.json && lost_.empty()) return;
  std::string text = colored("error: ", kRed) + for_terminal(failure.message) + "\n";
  if (!failure.hint.empty()) text += "hint: " + for_terminal(failure.hint) + "\n";
  write_stderr(text);
}

void Output::last_word(const Failure& failure) {
  if (takes_a_line(options_.json ? STDOUT_FILENO : STDERR_FILENO)) this->failure(failure);
}

void Output::progress(const Progress& progress, TimePoint now) {
  // A terminal that was stopped, or a pipe that nobody reads, holds up nothing.
  if (!shows_progress() || !takes_a_line(STDERR_FILENO)) return;
  if (!last_progress_) last_progress_ = stderr_terminal_ ? now - kRedrawPeriod : now;
  const Duration period = stderr_terminal_ ? kRedrawPeriod : kLinePeriod;
  if (now - *last_progress_ < period) return;
  last_progress_ = now;
  if (!stderr_terminal_) {
    write_stderr(render(progress, 120) + "\n");
    return;
  }
  // The last columns are left free: for the ^C of whoever stops us, and some terminals wrap when
  // the last one is written.
  const std::size_t width = terminal_width();
  const std::string line = render(progress, width - std::min(width, kColumnsLeftFree));
  const std::string redrawn = std::string(kClearLine) + line;
  std::fwrite(redrawn.data(), 1, redrawn.size(), stderr);
  line_drawn_ = true;
}

void Output::write_stdout(std::string_view text, std::string_view end) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fwrite(end.data(), 1, end.size(), stdout);
  // Whoever has seen enough may go, as with head(1).
  if (std::fflush(stdout) != 0 && errno != EPIPE && lost_.empty()) lost_ = std::strerror(errno);
}

void Output::check_written() const {
  if (!lost_.empty()) throw Error(ErrorCode::io, "cannot write: " + lost_, "stdout");
}

void Output::end_progress() {
  if (line_drawn_ && takes_a_line(STDERR_FILENO))
    std::fwrite(kClearLine.data(), 1, kClearLine.size(), stderr);
  line_drawn_ = false;
}

void Output::write_stderr(std::string_view text) {
  end_progress();
  std::fwrite(text.data(), 1, text.size(), stderr);
}

std::string Output::colored(std::string_view text, std::string_view color) const {
  if (!color_) return std::string(text);
  return fmt::format("{}{}{}", color, text, kPlain);
}

}  // namespace shoal::cli
