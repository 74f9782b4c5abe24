#pragma once

#include <functional>
#include <string_view>

#include <shoal/compiler.h>

namespace shoal {

/// The most urgent first: a level takes in all before it.
enum class LogLevel { error, warning, info, debug, trace };

/// "warning", say.
std::string_view to_string(LogLevel level);

/// Takes one line, without its newline; `message` lives until it returns. Of lines that come too
/// fast from one place, the rest are counted and told with the next.
///
/// Called on whatever thread has something to say, by several at once: it must be thread-safe, and
/// return soon, since it may be a node's loop that waits. It must not use nodes. What it throws is
/// dropped, and so is a line that it causes itself.
using LogSink = std::function<void(LogLevel level, std::string_view message)>;

/// Where the whole process's log goes, for all nodes, and how much of it: from now on lines up to
/// `level` go to `sink`, the others nowhere. An empty sink is stderr, the default, at `warning`.
/// From any thread but from within a sink, where it throws Error{usage}. Once it returns, the sink
/// before is not called any more: what that used may go.
void set_log(LogSink sink, LogLevel level = LogLevel::warning);

}  // namespace shoal
