#pragma once

#include <exception>
#include <functional>
#include <string>

#include <shoal/compiler.h>

namespace shoal {

/// An exception that nobody awaits.
struct UncaughtError {
  /// "a job", "a handler", or the name of a callback: "NodeOptions::allow".
  std::string where;
  std::string protocol;  // of a handler, else empty
  std::string peer_id;   // whose stream a handler served, else empty
  std::exception_ptr exception;
  std::string message;  // of it, for people
};

/// What NodeOptions::on_error takes. Called on the node's loop; after the node stopped, for a job
/// whose last handle goes only then, on the thread that lets go of it. Must not wait; what it
/// throws is logged.
using ErrorHook = std::function<void(const UncaughtError&)>;

}  // namespace shoal
