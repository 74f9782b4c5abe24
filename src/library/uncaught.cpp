#include "library/uncaught.h"

#include "base/error.h"
#include "base/log.h"

namespace shoal::library {

namespace {

std::string message_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of an unknown type";
  }
}

/// Peers end streams whenever they like.
bool is_everyday(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return error.code() == ErrorCode::closed;
  } catch (...) {
    return false;
  }
}

void write(const UncaughtError& error) {
  if (error.protocol.empty()) return log_warning("{} failed: {}", error.where, error.message);
  const LogLevel level = is_everyday(error.exception) ? LogLevel::info : LogLevel::warning;
  log(level, "{} of {} failed, serving {}: {}", error.where, error.protocol, error.peer_id,
      error.message);
}

}  // namespace

void Uncaught::report(UncaughtError error) const noexcept {
  try {
    error.message = message_of(error.exception);
    if (!hook_) return write(error);
    hook_(error);
  } catch (const std::exception& failure) {
    log_warning("NodeOptions::on_error failed: {}", failure.what());
  } catch (...) {
    log_warning("NodeOptions::on_error failed");
  }
}

void Uncaught::report_current(std::string callback) const noexcept {
  report({.where = std::move(callback),
          .protocol = {},
          .peer_id = {},
          .exception = std::current_exception(),
          .message = {}});
}

}  // namespace shoal::library
