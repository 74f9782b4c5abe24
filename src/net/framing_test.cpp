#include "net/framing.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/varint.h"
#include "net/scripted_stream.h"
#include "system/test_loop.h"

namespace shoal::net {
namespace {

using testing::Script;
using testing::ScriptedStream;

class Framing : public ::testing::Test {
 protected:
  std::optional<Bytes> read(std::size_t max_bytes) {
    std::optional<Bytes> out;
    loop.run(keep(read_message(stream, max_bytes), out));
    return out;
  }

  ErrorCode failure(std::size_t max_bytes = 1000) {
    try {
      read(max_bytes);
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "read a message";
    return ErrorCode::usage;
  }

  static Task<void> keep(Task<std::optional<Bytes>> task, std::optional<Bytes>& into) {
    into = co_await std::move(task);
  }

  static Bytes framed(ByteView message) {
    Bytes out;
    append_varint(out, message.size());
    append(out, message);
    return out;
  }

  /// The bytes one by one, as a slow peer sends them.
  void trickle(ByteView bytes) {
    for (const std::uint8_t byte : bytes) script.incoming.push_back({byte});
  }

  shoal::testing::TestLoop loop;
  Script script;
  ScriptedStream stream{script};
};

TEST_F(Framing, reads_messages_one_after_the_other_to_a_clean_end) {
  Bytes both = framed(as_bytes("first"));
  append(both, framed(as_bytes("")));
  append(both, framed(as_bytes("third")));
  script.incoming = {both};
  EXPECT_EQ(read(5), to_bytes("first"));
  EXPECT_EQ(read(5), Bytes());
  EXPECT_EQ(read(5), to_bytes("third"));
  EXPECT_EQ(read(5), std::nullopt);
}

TEST_F(Framing, reads_a_message_that_comes_byte_by_byte) {
  const Bytes message(300, 7);
  trickle(framed(message));
  EXPECT_EQ(read(300), message);
}

TEST_F(Framing, takes_no_byte_of_the_next_message) {
  script.incoming = {framed(as_bytes("one")), to_bytes("rest")};
  EXPECT_EQ(read(10), to_bytes("one"));
  ASSERT_EQ(script.incoming.size(), 1);
  EXPECT_EQ(script.incoming[0], to_bytes("rest"));
}

TEST_F(Framing, reads_a_message_of_exactly_the_limit) {
  const Bytes message(1'000'000, 3);
  script.incoming = {framed(message)};
  EXPECT_EQ(read(1'000'000), message);
}

TEST_F(Framing, B1_refuses_one_byte_more_than_the_limit_before_it_reads_it) {
  script.incoming = {framed(Bytes(1001))};
  EXPECT_EQ(failure(1000), ErrorCode::limit);
  EXPECT_EQ(script.asked, (std::vector<std::size_t>{1, 1}));
}

TEST_F(Framing, B1_refuses_the_largest_claim_there_is) {
  Bytes claim;
  append_varint(claim, (std::uint64_t{1} << 63) - 1);
  trickle(claim);
  EXPECT_EQ(failure(4 * 1024 * 1024), ErrorCode::limit);
}

TEST_F(Framing, B1_asks_for_memory_only_as_bytes_arrive) {
  Bytes head;
  append_varint(head, 4 * 1024 * 1024);
  script.incoming = {head, Bytes(100)};
  EXPECT_EQ(failure(4 * 1024 * 1024), ErrorCode::closed);
  for (const std::size_t asked : script.asked) EXPECT_LE(asked, 64 * 1024);
}

TEST_F(Framing, refuses_lengths_that_are_no_varint) {
  script.incoming = {Bytes(10, 0xff)};
  EXPECT_EQ(failure(), ErrorCode::malformed);
  script.incoming = {{0x85, 0x00}};
  EXPECT_EQ(failure(), ErrorCode::malformed);
}

TEST_F(Framing, tells_an_end_within_a_message_from_a_clean_one) {
  script.incoming = {{0x80}};
  EXPECT_EQ(failure(), ErrorCode::closed);
  script.incoming = {{0x05}};
  EXPECT_EQ(failure(), ErrorCode::closed);
  script.incoming = {{0x05, 'a', 'b', 'c', 'd'}};
  EXPECT_EQ(failure(), ErrorCode::closed);
}

TEST_F(Framing, writes_length_and_message_at_once) {
  const Bytes message(300, 1);
  loop.run(write_message(stream, message));
  EXPECT_EQ(script.written, (std::vector<Bytes>{framed(message)}));
}

}  // namespace
}  // namespace shoal::net
