#include "cli/run.h"

#include <exception>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/sim.h"
#include "cli/terminal.h"

namespace shoal::cli {

namespace {

OutputOptions guess_output(const std::vector<std::string>& arguments) {
  return {.json = asks_for_json(arguments)};
}

int run_parsed(const std::vector<std::string>& arguments) {
  const Invocation invocation = parse_command_line(arguments);
  if (invocation.command) return run_command(*invocation.command, invocation.options);
  Output output({});
  output.result(invocation.help.substr(0, invocation.help.find_last_not_of('\n') + 1));
  output.check_written();
  return kExitOk;
}

}  // namespace

int run(const std::vector<std::string>& arguments) {
  prepare_process();
  if (!arguments.empty() && arguments.front() == "sim") {
    return run_sim({arguments.begin() + 1, arguments.end()});
  }
  try {
    return run_parsed(arguments);
  } catch (const Error& error) {
    const Failure failure = to_failure(error);
    Output(guess_output(arguments)).failure(failure);
    return failure.exit_code;
  } catch (const std::exception& error) {
    const Failure failure = to_failure(Error(ErrorCode::failed, error.what()));
    Output(guess_output(arguments)).failure(failure);
    return failure.exit_code;
  }
}

}  // namespace shoal::cli
