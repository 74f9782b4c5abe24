#include "cli/exit_code.h"

#include <csignal>

namespace shoal::cli {

namespace {

int exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
      return kExitUsage;
    case ErrorCode::not_found:
      return 3;
    case ErrorCode::unreachable:
      return 4;
    case ErrorCode::corrupt:
      return 5;
    case ErrorCode::io:
      return 6;
    case ErrorCode::exists:
      return 7;
    case ErrorCode::timeout:
      return 8;
    case ErrorCode::locked:
      return 9;
    case ErrorCode::failed:
    case ErrorCode::malformed:
    case ErrorCode::limit:
    case ErrorCode::unsupported:
    case ErrorCode::refused:
    case ErrorCode::closed:
      return 1;
  }
  return 1;
}

std::string hint_of(const Error& error) {
  if (!error.hint().empty() || error.code() != ErrorCode::unreachable) return error.hint();
  return "is shoal still running there, and can its port be reached from here?";
}

}  // namespace

Failure to_failure(const Error& error) {
  const int exit_code = exit_code_of(error.code());
  const ErrorCode shown = exit_code == 1 ? ErrorCode::failed : error.code();
  return {.exit_code = exit_code,
          .name = std::string(to_string(shown)),
          .message = error.what(),
          .hint = hint_of(error)};
}

Failure stopped_by(int signal, bool goes_on) {
  const bool interrupt = signal == SIGINT;
  return {.exit_code = 128 + signal,
          .name = "stopped",
          .message = interrupt ? "interrupted" : "terminated",
          .hint = goes_on ? "run the same command to resume" : ""};
}

}  // namespace shoal::cli
