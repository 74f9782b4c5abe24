#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace shoal {

/// Why something failed, as far as a caller may act on it. docs/cli.md maps these to exit codes.
enum class ErrorCode {
  failed,       // anything that no other code names
  usage,        // the caller asked for something that makes no sense
  not_found,    // no provider, no such path
  unreachable,  // somebody has it, nobody could be connected
  corrupt,      // content does not match its hash
  io,           // the local disk: rights, space, names
  exists,       // the target is there and differs
  timeout,      // no progress within the time given
  locked,       // held by another process
  malformed,    // foreign bytes that do not follow their format
  limit,        // a bound of ours was reached
  unsupported,  // well-formed, but nothing that we speak
  refused,      // the other side said no
  closed,       // the stream or connection ended, by either side
};

/// The name used in JSON and in messages, such as "not_found".
std::string_view to_string(ErrorCode code);

/// The one error of the project: a code, a sentence, and who or what it is about (a peer, an
/// address, a path; may be empty). Cancellation is not an Error, so that `catch (const Error&)`
/// never eats it: see Cancelled.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string subject = {},
        std::string hint = {});

  ErrorCode code() const { return code_; }
  /// The sentence without the subject.
  const std::string& message() const { return message_; }
  const std::string& subject() const { return subject_; }
  /// What the user can do about it; may be empty.
  const std::string& hint() const { return hint_; }

 private:
  ErrorCode code_;
  std::string message_;
  std::string subject_;
  std::string hint_;
};

/// How a cancelled coroutine learns of it: thrown by whatever it waits for, and by every later
/// wait. Let it pass; what the coroutine holds is given back on the way out.
class Cancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled"; }
};

}  // namespace shoal
