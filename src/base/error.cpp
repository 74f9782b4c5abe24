#include "base/error.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace shoal {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::failed:
      return "failed";
    case ErrorCode::usage:
      return "usage";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::unreachable:
      return "unreachable";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::io:
      return "io";
    case ErrorCode::exists:
      return "exists";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::locked:
      return "locked";
    case ErrorCode::malformed:
      return "malformed";
    case ErrorCode::limit:
      return "limit";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::closed:
      return "closed";
  }
  return "failed";
}

Error::Error(ErrorCode code, const std::string& message, std::string subject, std::string hint)
    : std::runtime_error(subject.empty() ? message : subject + ": " + message),
      code_(code),
      message_(message),
      subject_(std::move(subject)),
      hint_(std::move(hint)) {}

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: internal check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace shoal
