#include "system/os/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "system/os/memory.h"

namespace shoal::os {
namespace {

std::string first_line(const std::string& path) {
  std::string line;
  for (int i = 0; i < 500 && line.empty(); ++i) {
    std::ifstream file(path);
    std::getline(file, line);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return line;
}

TEST(ChildProcess, writes_to_its_file_and_ends_with_its_owner) {
  const std::string output = testing::TempDir() + "child_process_output";
  pid_t id = 0;
  {
    ChildProcess child({"/bin/sh", "-c", "echo here; exec sleep 100"}, output);
    id = child.id();
    EXPECT_EQ(first_line(output), "here");
    EXPECT_TRUE(child.running());
  }
  EXPECT_EQ(::kill(id, 0), -1);
  std::remove(output.c_str());
}

TEST(ChildProcess, is_seen_to_end) {
  ChildProcess child({"/bin/sh", "-c", "exit 3"}, "/dev/null");
  for (int i = 0; i < 500 && child.running(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_FALSE(child.running());
  child.stop();
}

TEST(ChildProcess, fails_where_there_is_no_program) {
  EXPECT_THROW(ChildProcess({"/nowhere/shoal"}, "/dev/null"), Error);
}

TEST(OwnProgram, is_this_one) {
  EXPECT_TRUE(own_program().ends_with("_tests")) << own_program();
}

TEST(AvailableMemory, is_something) {
  EXPECT_GT(available_memory(), 1'000'000u);
}

}  // namespace
}  // namespace shoal::os
