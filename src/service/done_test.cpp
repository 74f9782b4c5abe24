#include "service/done.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/varint.h"
#include "service/done_testing.h"
#include "system/test_loop.h"

namespace shoal::service {
namespace {

using testing::MemoryStream;

const Cid kRoot = Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("root")));

Task<void> read_into(Bytes input, std::optional<Cid>& out) {
  MemoryStream stream(std::move(input));
  out = co_await read_done(stream);
}

std::optional<Cid> read(Bytes input) {
  shoal::testing::TestLoop loop;
  std::optional<Cid> out;
  loop.run(read_into(std::move(input), out));
  return out;
}

Bytes framed(ByteView body) {
  Bytes out;
  append_varint(out, body.size());
  append(out, body);
  return out;
}

ErrorCode failure(Bytes input) {
  try {
    read(std::move(input));
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

TEST(Done, is_read_as_it_was_written) {
  shoal::testing::TestLoop loop;
  MemoryStream stream({});
  loop.run(write_done(stream, kRoot));
  EXPECT_TRUE(stream.closed);
  EXPECT_EQ(stream.written, framed(kRoot.encode()));
  EXPECT_EQ(read(stream.written), kRoot);
}

TEST(Done, nothing_said_is_nothing_done) {
  EXPECT_EQ(read({}), std::nullopt);
}

TEST(Done, B1_takes_the_longest_cid_and_nothing_longer) {
  const Bytes digest(Multihash::kMaxDigestBytes, 7);
  const Cid longest = Cid::v1(Codec::raw, Multihash::identity(digest));
  EXPECT_EQ(read(framed(longest.encode())), longest);
  EXPECT_EQ(failure(framed(Bytes(Cid::kMaxEncodedBytes, 0))), ErrorCode::malformed);
  EXPECT_EQ(failure(framed(Bytes(Cid::kMaxEncodedBytes + 1, 0))), ErrorCode::limit);
  EXPECT_EQ(failure({0xa9, 0x01}), ErrorCode::limit) << "169 bytes, before any of them came";
}

TEST(Done, refuses_what_is_no_cid_or_cut_short) {
  EXPECT_EQ(failure(framed(as_bytes("no cid"))), ErrorCode::malformed);
  Bytes cut = framed(kRoot.encode());
  cut.pop_back();
  EXPECT_EQ(failure(cut), ErrorCode::closed);
}

TEST(Done, refuses_an_answer_where_none_belongs) {
  shoal::testing::TestLoop loop;
  MemoryStream stream({1});
  EXPECT_THROW(loop.run(write_done(stream, kRoot)), Error);
}

}  // namespace
}  // namespace shoal::service
