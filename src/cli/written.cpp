#include "cli/written.h"

#include "base/error.h"

namespace shoal::cli {

void mark(std::string& word) {
  if (word.ends_with(']') || word.ends_with('}')) word += kMark;
}

std::string unmarked(std::string word) {
  if (word.ends_with(kMark)) word.pop_back();
  return word;
}

namespace {

/// Nothing that is given may be empty, as an unset variable of a script would be.
std::string taken(const std::string& word, std::string_view name) {
  if (!word.empty()) return unmarked(word);
  throw Error(ErrorCode::usage, std::string(name) + " cannot be empty", {},
              name.starts_with('-') ? "say what it is, or leave it out"
                                    : "say what it is; a variable of a script may be unset");
}

}  // namespace

CLI::Option* several(CLI::App& app, const char* name, std::vector<std::string>& into,
                     const char* type, const char* about) {
  const auto take = [&into, name](const std::vector<std::string>& words) {
    for (const auto& word : words) into.push_back(taken(word, name));
  };
  return app.add_option_function<std::vector<std::string>>(name, take, about)->type_name(type);
}

CLI::Option* repeatable(CLI::App& app, const char* flag, std::vector<std::string>& into,
                        const char* type, const char* about) {
  return several(app, flag, into, type, about)->allow_extra_args(false);
}

CLI::Option* single(CLI::App& app, const char* name, std::string& into, const char* type,
                    const char* about) {
  const auto take = [&into, name](const std::string& word) { into = taken(word, name); };
  return app.add_option_function<std::string>(name, take, about)->type_name(type);
}

CLI::App& add_command(CLI::App& app, const char* name, const char* about, const char* examples) {
  auto& command = *app.add_subcommand(name, about);
  command.footer(std::string(examples) + "\n\nFlags of every command: shoal --help");
  return command;
}

}  // namespace shoal::cli
