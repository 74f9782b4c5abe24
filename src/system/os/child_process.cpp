#include "system/os/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "base/error.h"

namespace shoal::os {

namespace {

/// Where the descriptors of a child come from; freed in the end.
struct Actions {
  posix_spawn_file_actions_t actions;
  Actions() { posix_spawn_file_actions_init(&actions); }
  ~Actions() { posix_spawn_file_actions_destroy(&actions); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  void open(int descriptor, const char* path, int flags) {
    posix_spawn_file_actions_addopen(&actions, descriptor, path, flags, 0600);
  }
};

}  // namespace

std::string own_program() {
  std::string path(4096, '\0');
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) throw Error(ErrorCode::io, "cannot tell which program this is");
  path.resize(static_cast<std::size_t>(length));
  return path;
}

ChildProcess::ChildProcess(std::vector<std::string> words, const std::string& output) {
  Actions files;
  files.open(STDIN_FILENO, "/dev/null", O_RDONLY);
  files.open(STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC);
  files.open(STDERR_FILENO, "/dev/null", O_WRONLY);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int failure =
      posix_spawn(&id_, arguments.front(), &files.actions, nullptr, arguments.data(), environ);
  if (failure != 0) {
    throw Error(ErrorCode::failed, std::string("cannot start it: ") + std::strerror(failure),
                words.front());
  }
}

ChildProcess::~ChildProcess() {
  stop();
}

bool ChildProcess::running() {
  int status = 0;
  if (!ended_ && ::waitpid(id_, &status, WNOHANG) == id_) ended_ = true;
  return !ended_;
}

void ChildProcess::stop() {
  if (!running()) return;
  ::kill(id_, SIGKILL);
  int status = 0;
  ::waitpid(id_, &status, 0);
  ended_ = true;
}

}  // namespace shoal::os
