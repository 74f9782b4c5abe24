#include "system/os/desktop.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace shoal::os {

namespace {

bool has_desktop() {
  return std::getenv("DISPLAY") != nullptr || std::getenv("WAYLAND_DISPLAY") != nullptr;
}

}  // namespace

/// By a shell that ends at once, so that nobody is left to be waited for.
bool show_on_desktop(const std::string& path) {
  if (!has_desktop()) return false;
  std::string shell = "sh";
  std::string option = "-c";
  std::string script =
      "command -v xdg-open >/dev/null || exit 1; xdg-open \"$0\" >/dev/null 2>&1 & exit 0";
  std::string file = path;
  const std::array<char*, 5> words = {shell.data(), option.data(), script.data(), file.data(),
                                      nullptr};
  pid_t child = 0;
  if (posix_spawnp(&child, shell.c_str(), nullptr, nullptr, words.data(), environ) != 0) {
    return false;
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace shoal::os
