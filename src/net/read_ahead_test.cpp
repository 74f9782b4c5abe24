#include "net/read_ahead.h"

#include <gtest/gtest.h>

#include <memory>

#include "net/scripted_stream.h"
#include "system/test_loop.h"

namespace shoal::net {
namespace {

using testing::Script;
using testing::ScriptedStream;
constexpr std::size_t kBuffer = ReadAhead::kBufferBytes;

class ReadAheadTest : public ::testing::Test {
 protected:
  /// One read of up to `size` bytes.
  Bytes read(std::size_t size) {
    Bytes out(size);
    out.resize(got(stream.read_some(out)));
    return out;
  }

  std::size_t got(Task<std::size_t> reading) {
    std::size_t count = 0;
    loop.run(keep(std::move(reading), count));
    return count;
  }

  static Task<void> keep(Task<std::size_t> task, std::size_t& into) {
    into = co_await std::move(task);
  }

  shoal::testing::TestLoop loop;
  Script script;
  ReadAhead stream{std::make_unique<ScriptedStream>(script)};
};

TEST_F(ReadAheadTest, serves_small_reads_from_one_large_one) {
  script.incoming = {to_bytes("hello world")};
  Bytes all;
  for (int i = 0; i < 11; ++i) append(all, read(1));
  EXPECT_EQ(as_text(all), "hello world");
  EXPECT_EQ(script.asked, (std::vector{kBuffer}));
}

TEST_F(ReadAheadTest, gives_what_is_there_without_waiting_for_more) {
  script.incoming = {to_bytes("abc"), to_bytes("def")};
  EXPECT_EQ(as_text(read(2)), "ab");
  EXPECT_EQ(as_text(read(2)), "c");
  EXPECT_EQ(as_text(read(100)), "def");
}

TEST_F(ReadAheadTest, empties_its_buffer_before_it_reads_straight_through) {
  script.incoming = {to_bytes("abc"), Bytes(5000, 7)};
  EXPECT_EQ(as_text(read(1)), "a");
  EXPECT_EQ(as_text(read(kBuffer)), "bc");
  EXPECT_EQ(read(4000).size(), 4000);
  EXPECT_EQ(script.asked, (std::vector<std::size_t>{kBuffer, 4000}));
}

TEST_F(ReadAheadTest, a_wait_keeps_what_was_read_ahead) {
  script.incoming = {to_bytes("abc")};
  EXPECT_EQ(as_text(read(1)), "a");
  loop.run(stream.wait_readable());
  EXPECT_EQ(as_text(read(100)), "bc");
  loop.run(stream.wait_readable());
  EXPECT_EQ(read(100).size(), 0);
}

TEST_F(ReadAheadTest, reads_straight_through_from_the_size_of_its_buffer_on) {
  script.incoming = {Bytes(10'000, 1)};
  EXPECT_EQ(read(kBuffer).size(), kBuffer);
  EXPECT_EQ(read(kBuffer - 1).size(), kBuffer - 1);
  EXPECT_EQ(read(1).size(), 1);
  EXPECT_EQ(script.asked, (std::vector{kBuffer, kBuffer}));
}

TEST_F(ReadAheadTest, tells_of_the_end_again_and_again) {
  script.incoming = {to_bytes("a")};
  EXPECT_EQ(as_text(read(1)), "a");
  EXPECT_TRUE(read(1).empty());
  EXPECT_TRUE(read(1).empty());
  EXPECT_TRUE(read(kBuffer).empty());
}

TEST_F(ReadAheadTest, gives_nothing_made_up_after_a_failed_read) {
  script.breaks = true;
  EXPECT_THROW(read(1), Error);
  EXPECT_THROW(read(1), Error);
}

TEST_F(ReadAheadTest, passes_everything_else_on) {
  loop.run(write_all(stream, as_bytes("out")));
  loop.run(stream.close_write());
  stream.abort();
  EXPECT_EQ(script.written, (std::vector<Bytes>{to_bytes("out")}));
  EXPECT_TRUE(script.write_closed);
  EXPECT_TRUE(script.aborted);
}

}  // namespace
}  // namespace shoal::net
