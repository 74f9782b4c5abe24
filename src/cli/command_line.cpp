#include "cli/command_line.h"

#include <algorithm>

#include "cli/command_flags.h"
#include "cli/command_options.h"
#include "cli/nearest_word.h"
#include "cli/version.h"

namespace shoal::cli {

namespace {

/// Where help begins to explain: leaves 53 columns of 80.
constexpr std::size_t kHelpColumn = 27;

constexpr const char* kAbout =
    "Moves files directly between machines, with no server in between.\n"
    "Results go to stdout, everything else to stderr.";

constexpr const char* kExamples = R"(Examples:
  shoal share film.mkv                    serves it, prints a link
  shoal get LINK                          fetches it into this folder
  shoal --home /tmp/b get LINK -o /data   a second node on this machine

Flags may stand before or after the command; see also `shoal help COMMAND`.
Sizes are in powers of 1000.)";

std::string hint_for(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  const std::string command = chosen.empty() ? "" : " " + chosen.front()->get_name();
  return "`shoal" + command + " --help` shows how, with examples";
}

[[noreturn]] void refuse_command(const CLI::App& app, const std::string& name) {
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(command->get_name());
  }
  const std::string meant = nearest_word(name, known);
  const std::string hint = "`shoal --help` lists the commands, with examples";
  throw Error(ErrorCode::usage, "there is no command '" + name + "'", {},
              meant.empty() ? hint : "did you mean `shoal " + meant + "`? " + hint);
}

/// The first word that could have been a command, or the first flag, when none is.
std::string unknown_command(const CLI::App& app, const CLI::ParseError& error) {
  if (!app.get_subcommands().empty()) return {};
  const auto rest = app.remaining();
  const bool other = dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr &&
                     dynamic_cast<const CLI::RequiredError*>(&error) == nullptr;
  return other || rest.empty() ? std::string() : unmarked(rest.front());
}

[[noreturn]] void refuse(const CLI::App& app, const CLI::ParseError& error) {
  const std::string unknown = unknown_command(app, error);
  if (!unknown.empty() && !unknown.starts_with('-')) refuse_command(app, unknown);
  std::string message = unknown.empty() ? error.what() : "there is no flag '" + unknown + "'";
  std::erase(message, kMark);
  throw Error(ErrorCode::usage, message, {}, hint_for(app));
}

/// What `shoal help` and `shoal help COMMAND` print.
std::string help_text(const CLI::App& app, const std::string& name) {
  if (name.empty()) {
    return app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
  }
  const auto found =
      app.get_subcommands([&name](const CLI::App* command) { return command->get_name() == name; });
  if (found.empty()) refuse_command(app, name);
  return found.front()->help(app.get_name());
}

void describe(CLI::App& app, Written& written) {
  app.description(kAbout);
  app.footer(kExamples);
  app.fallthrough();
  app.require_subcommand(1);
  app.set_version_flag("--version", version_as_text());
  app.get_formatter()->column_width(kHelpColumn);
  add_common(app, written);
  add_commands(app, written);
}

}  // namespace

bool asks_for_json(const std::vector<std::string>& arguments) {
  const auto end = std::ranges::find(arguments, "--");
  return std::find(arguments.begin(), end, "--json") != end;
}

Invocation parse_command_line(std::vector<std::string> arguments) {
  CLI::App app("", "shoal");
  Written written;
  describe(app, written);
  const bool json = asks_for_json(arguments);
  std::ranges::for_each(arguments, mark);
  std::ranges::reverse(arguments);  // CLI11 takes them from the end
  Invocation invocation;
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    invocation.help = app.help();
    return invocation;
  } catch (const CLI::CallForVersion&) {
    invocation.options.output.json = json;
    invocation.command = make_version();
    return invocation;
  } catch (const CLI::ParseError& error) {
    refuse(app, error);
  }
  const std::string name = app.get_subcommands().front()->get_name();
  if (name == "help") {
    invocation.help = help_text(app, written.helped);
    return invocation;
  }
  invocation.options = read_common(written);
  invocation.command = make_command(name, written, !invocation.options.connect.empty());
  return invocation;
}

}  // namespace shoal::cli
