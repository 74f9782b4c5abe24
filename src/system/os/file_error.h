#pragma once

#include <cerrno>
#include <string>

#include "base/error.h"

namespace shoal::os {

/// What `cause` (an errno) means for `path`, and what the user can do about it.
Error file_error(int cause, const std::string& path);

/// The same for a name that was to be made: Error{unsupported} when the file system does not take
/// it.
Error creation_error(int cause, const std::string& path);

/// Repeats a system call for as long as a signal interrupts it.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace shoal::os
