#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace shoal::os {

/// The path of the program that runs.
std::string own_program();

/// A program that this one started. Never outlives it.
class ChildProcess {
 public:
  /// `words` begin with the path of the program. What it writes to stdout goes to the file
  /// `output`, and nowhere what it writes to stderr. Throws Error{failed}, {io}.
  ChildProcess(std::vector<std::string> words, const std::string& output);
  /// stop().
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t id() const { return id_; }
  bool running();
  /// Without a word, and waits for its end. Again: does nothing.
  void stop();

 private:
  pid_t id_ = 0;
  bool ended_ = false;
};

}  // namespace shoal::os
