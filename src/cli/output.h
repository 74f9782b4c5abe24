#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "cli/exit_code.h"
#include "cli/progress_line.h"
#include "system/time.h"

namespace shoal::cli {

enum class ColorWhen { automatic, always, never };

struct OutputOptions {
  bool json = false;
  bool quiet = false;
  bool progress = true;
  ColorWhen color = ColorWhen::automatic;
};

/// Where everything that the command says goes: results to stdout, the rest to stderr; with --json
/// only objects on stdout. A closed pipe is not an error.
class Output {
 public:
  explicit Output(OutputOptions options);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  bool json() const { return options_.json; }
  /// Whether what goes to stderr is seen by somebody at a terminal.
  bool interactive() const;
  /// Whether stderr is a terminal that lines are redrawn on.
  bool on_terminal() const { return stderr_terminal_; }
  /// Whether colours are wanted on stderr.
  bool colored() const { return color_; }
  /// How often it is worth calling progress().
  Duration progress_period() const;

  /// Somebody writes content to stdout: from now on nothing else goes there.
  void hand_over_stdout() { options_.json = false; }

  /// Before that: takes the progress line away, unless stdout leads to a file.
  void make_way_on_stdout();

  /// A line of JSON; nothing without --json.
  void event(const boost::json::object& object);
  /// The same for what may be missed: not said while a reader leaves so much unread that the node
  /// would wait for it.
  void news(const boost::json::object& object);
  /// A line of stdout; nothing with --json.
  void result(std::string_view line);
  /// Bytes as the result, and nothing else; nothing with --json.
  void result_bytes(ByteView bytes);
  /// A name as the result: as it is for programs, safe for terminals.
  void result_name(std::string_view name);
  /// A line of stderr, or several; nothing with --json or --quiet. Safe for terminals, whoever
  /// chose the words in it.
  void note(std::string_view line);
  /// The same as it is, with its line ends and what a terminal obeys.
  void drawing(std::string_view lines);
  /// The same for what may be missed.
  void news(std::string_view line);
  void warning(std::string_view line);
  /// The last word of a command that failed.
  void failure(const Failure& failure);

  /// The same for one that is stopped, and must not wait for a reader.
  void last_word(const Failure& failure);

  /// On a terminal redraws one line, at most 10 times a second; elsewhere adds a line every 10 s.
  void progress(const Progress& progress, TimePoint now);
  void end_progress();

  /// Throws Error{io} when stdout could not be written; not when its reader has gone.
  void check_written() const;

 private:
  void write_stdout(std::string_view text, std::string_view end = "\n");
  void write_stderr(std::string_view text);
  bool shows_progress() const;
  std::string colored(std::string_view text, std::string_view color) const;

  OutputOptions options_;
  const bool stdout_terminal_;
  const bool stdout_file_;
  const bool stderr_terminal_;
  const bool color_;
  std::string lost_;
  bool line_drawn_ = false;
  std::optional<TimePoint> last_progress_;
};

}  // namespace shoal::cli
