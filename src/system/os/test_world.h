#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "system/os/world.h"
#include "system/task_group.h"

namespace shoal::os {

/// Runs a test that is a coroutine.
inline void in_world(Task<void> (*test)(System&), Duration wall_ahead = {}) {
  World world({.offload_threads = 2, .wall_ahead = wall_ahead});
  world.run(test(world.system()));
}

/// The same at a time when every file that the test writes counts as written long ago.
inline void in_later_world(Task<void> (*test)(System&)) {
  in_world(test, 1h);
}

/// Lets everybody else have a few turns.
inline Task<void> turns(System& system) {
  for (int i = 0; i < 20; ++i) {
    co_await boost::asio::post(system.executor(), boost::asio::use_awaitable);
  }
}

/// "done", the code of an Error, or "cancelled".
template <class T>
Task<void> note_end(Task<T> task, std::string& end) {
  try {
    static_cast<void>(co_await std::move(task));
    end = "done";
  } catch (const Error& error) {
    end = to_string(error.code());
  } catch (const boost::system::system_error& error) {
    end = is_cancelled(error) ? "cancelled" : error.what();
  }
}

inline Task<void> note_end(Task<void> task, std::string& end) {
  try {
    co_await std::move(task);
    end = "done";
  } catch (const Error& error) {
    end = to_string(error.code());
  } catch (const boost::system::system_error& error) {
    end = is_cancelled(error) ? "cancelled" : error.what();
  }
}

/// How a pending call ends when its task is cancelled.
template <class T>
Task<std::string> end_when_cancelled(System& system, Task<T> task) {
  std::string end;
  TaskGroup group(system.waits, "test");
  group.spawn(note_end(std::move(task), end));
  co_await turns(system);
  EXPECT_EQ(end, "");
  co_await group.stop();
  co_return end;
}

/// A folder of its own, removed at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "shoal.XXXXXX").native();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string path(std::string_view name = "") const {
    return name.empty() ? path_ : path_ + "/" + std::string(name);
  }

 private:
  std::string path_;
};

}  // namespace shoal::os
