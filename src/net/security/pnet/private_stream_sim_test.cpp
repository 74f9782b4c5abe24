#include "net/security/pnet/private_stream.h"

#include <gtest/gtest.h>

#include "net/security/security_testing.h"

namespace shoal::net {
namespace {

using testing::failure_of;
using testing::pattern_bytes;
using testing::read_to_end;

const pnet::NetworkKey kKey{Bytes(32, 1)};
const pnet::NetworkKey kOtherKey{Bytes(32, 2)};
constexpr std::string_view kHeader = "\x13/multistream/1.0.0\n";

class PrivateStreams : public testing::SecurityTest {
 protected:
  std::unique_ptr<Stream> client_with(const pnet::NetworkKey& key) {
    return make_private(one.system().random, std::move(client_stream), key);
  }
  std::unique_ptr<Stream> server_with(const pnet::NetworkKey& key) {
    return make_private(other.system().random, std::move(server_stream), key);
  }

  Error failure_of_reading(Stream& stream) {
    const auto failure = world.run(failure_of(read_to_end(stream)));
    EXPECT_TRUE(failure.has_value());
    return failure.value_or(Error(ErrorCode::failed, "none"));
  }
};

TEST_F(PrivateStreams, carry_bytes_between_members) {
  const auto a = client_with(kKey);
  const auto b = server_with(kKey);
  Bytes sent = to_bytes(kHeader);
  append(sent, pattern_bytes(600'000));
  TaskGroup work(world.waits(), "sender");
  work.spawn(testing::send_all(*a, sent));
  EXPECT_EQ(world.run(read_to_end(*b)), sent);
  world.run(testing::send_all(*b, sent));
  EXPECT_EQ(world.run(read_to_end(*a)), sent);
  world.run(work.join());
}

TEST_F(PrivateStreams, refuse_a_member_of_another_network_and_say_what_to_do) {
  const auto a = client_with(kOtherKey);
  const auto b = server_with(kKey);
  world.run(testing::send_all(*a, to_bytes(kHeader)));
  const Error failure = failure_of_reading(*b);
  EXPECT_EQ(failure.code(), ErrorCode::refused);
  EXPECT_NE(failure.hint().find(kKey.fingerprint()), std::string::npos);
}

TEST_F(PrivateStreams, refuse_a_peer_without_a_key_by_its_first_bytes) {
  const auto b = server_with(kKey);
  world.run(write_all(*client_stream, to_bytes(std::string(kHeader) + "\x07/noise\n")));
  EXPECT_EQ(failure_of_reading(*b).code(), ErrorCode::refused);
}

TEST_F(PrivateStreams, an_end_within_the_nonce_is_an_error) {
  const auto b = server_with(kKey);
  world.run(testing::send_all(*client_stream, Bytes(23)));
  EXPECT_EQ(failure_of_reading(*b).code(), ErrorCode::closed);
}

TEST_F(PrivateStreams, send_a_nonce_and_nothing_that_can_be_read) {
  const auto a = client_with(kKey);
  world.run(testing::send_all(*a, to_bytes(kHeader)));
  const Bytes wire = world.run(read_to_end(*server_stream));
  ASSERT_EQ(wire.size(), 24 + kHeader.size());
  EXPECT_EQ(as_text(wire).find("multistream"), std::string_view::npos);
}

TEST_F(PrivateStreams, never_use_a_nonce_twice) {
  const auto a = client_with(kKey);
  const auto b = server_with(kKey);
  auto second = sim::connect_pair(world, one, other);
  const auto c = make_private(one.system().random, std::move(second.client), kKey);
  world.run(testing::send_all(*a, to_bytes(kHeader)));
  world.run(testing::send_all(*c, to_bytes(kHeader)));
  EXPECT_EQ(as_text(world.run(read_to_end(*b))), kHeader);
  const Bytes wire = world.run(read_to_end(*second.server));
  EXPECT_FALSE(equal(ByteView(wire).first(24), Bytes(24)));
}

}  // namespace
}  // namespace shoal::net
