#include "cli/patient_output.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "cli/json_line.h"
#include "cli/terminal.h"

namespace shoal::cli {

namespace {
constexpr Duration kLookAgain = 20ms;
}

bool PatientOutput::is_stuck() {
  return !takes_a_line(STDOUT_FILENO);
}

Task<bool> PatientOutput::write(std::string text) {
  output_.make_way_on_stdout();
  std::string_view left = text;
  while (!left.empty()) {
    if (is_stuck()) {
      co_await system_.clock.sleep_for(kLookAgain);
      continue;
    }
    // A pipe that takes anything takes so much.
    const std::size_t size = std::min<std::size_t>(left.size(), PIPE_BUF);
    const ssize_t written = ::write(STDOUT_FILENO, left.data(), size);
    if (written > 0) left.remove_prefix(static_cast<std::size_t>(written));
    if (written >= 0 || errno == EINTR || errno == EAGAIN) continue;
    if (errno == EPIPE) co_return false;
    throw Error(ErrorCode::io, std::string("cannot write: ") + std::strerror(errno), "stdout");
  }
  co_return true;
}

Task<bool> PatientOutput::event(boost::json::object object) {
  if (!output_.json()) co_return true;
  co_return co_await write(to_json_line(object) + "\n");
}

}  // namespace shoal::cli
