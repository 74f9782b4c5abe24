#include "net/security/tls/tls.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/security/security_testing.h"
#include "net/security/tls/tls_stream.h"

namespace shoal::net {
namespace {

using testing::Corrupting;
using testing::Ending;
using testing::failure_of;
using testing::id_of;
using testing::key_of;
using testing::pattern_bytes;
using testing::read_to_end;

const std::vector<std::string> kTlsMuxers = {"/yamux/1.0.0"};

std::shared_ptr<const tls::Identity> identity_of(sim::Host& host, const crypto::PrivateKey& key) {
  Random& random = host.system().random;
  return tls::Identity::make(key, [&random](MutableBytes out) { random.fill(out); });
}

class TlsPair : public testing::SecurityTest {
 protected:
  void shake_hands(const PeerId& expected, std::vector<std::string> client_muxers = kTlsMuxers,
                   std::vector<std::string> server_muxers = kTlsMuxers) {
    run_both(secure_with_tls(one.system(), identity_of(one, client_key), std::move(client_stream),
                             Direction::outbound, expected, client_muxers),
             secure_as_server(server_muxers));
  }

  Task<Secured> secure_as_server(const std::vector<std::string>& muxers = kTlsMuxers) {
    return secure_with_tls(other.system(), identity_of(other, server_key), std::move(server_stream),
                           Direction::inbound, std::nullopt, muxers);
  }

  /// The server's failure when the client sends `bytes` and then waits.
  Error failure_after(ByteView bytes) {
    TaskGroup work(world.waits(), "handshake");
    work.spawn(testing::keep_secured(secure_as_server(), server, server_failure));
    world.run(write_all(*client_stream, bytes));
    world.run(client_stream->close_write());
    world.run(work.join());
    EXPECT_TRUE(server_failure.has_value());
    return server_failure.value_or(Error(ErrorCode::failed, "none"));
  }
};

TEST_F(TlsPair, proves_who_both_are_and_agrees_on_a_muxer) {
  const TimePoint begin = world.now();
  shake_hands(id_of(server_key));
  ASSERT_TRUE(client && server);
  EXPECT_EQ(client->peer, id_of(server_key));
  EXPECT_EQ(server->peer, id_of(client_key));
  EXPECT_EQ(client->key, server_key.public_key());
  EXPECT_EQ(client->muxer, kTlsMuxers.front());
  EXPECT_EQ(server->muxer, kTlsMuxers.front());
  EXPECT_EQ(world.now() - begin, 150ms);
}

TEST_F(TlsPair, leaves_the_muxer_open_when_one_side_names_none) {
  shake_hands(id_of(server_key), {});
  ASSERT_TRUE(client && server);
  EXPECT_EQ(client->muxer, "");
  EXPECT_EQ(server->muxer, "");
}

TEST_F(TlsPair, takes_the_first_muxer_of_the_client_that_the_server_speaks) {
  shake_hands(id_of(server_key), {"/a", "/b", "/c"}, {"/c", "/b"});
  ASSERT_TRUE(client && server);
  EXPECT_EQ(client->muxer, "/b");
  EXPECT_EQ(server->muxer, "/b");
}

TEST_F(TlsPair, refuses_another_peer_than_the_expected_one) {
  shake_hands(id_of(key_of(9)));
  ASSERT_TRUE(client_failure && server_failure);
  EXPECT_EQ(client_failure->code(), ErrorCode::refused);
  EXPECT_EQ(server_failure->code(), ErrorCode::closed);
}

TEST_F(TlsPair, a_changed_byte_in_a_handshake_ends_it) {
  client_stream = std::make_unique<Corrupting>(std::move(client_stream), 60);
  shake_hands(id_of(server_key));
  ASSERT_TRUE(client_failure && server_failure);
}

TEST_F(TlsPair, a_changed_byte_in_the_data_ends_the_connection) {
  server_stream = std::make_unique<Corrupting>(std::move(server_stream), 5000);
  shake_hands(id_of(server_key));
  ASSERT_TRUE(client && server);
  world.run(write_all(*client->stream, pattern_bytes(10'000)));
  world.run(client->stream->close_write());
  const auto failure = world.run(failure_of(read_to_end(*server->stream)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::malformed);
}

TEST_F(TlsPair, carries_megabytes_in_pieces_of_any_size) {
  shake_hands(id_of(server_key));
  ASSERT_TRUE(client && server);
  const Bytes sent = pattern_bytes(3'000'001);
  EXPECT_EQ(carry(sent), sent);
}

TEST_F(TlsPair, ends_one_half_and_goes_on_with_the_other) {
  shake_hands(id_of(server_key));
  ASSERT_TRUE(client && server);
  world.run(testing::send_all(*client->stream, Bytes(10, 1)));
  EXPECT_EQ(world.run(read_to_end(*server->stream)), Bytes(10, 1));
  Bytes one_byte(1);
  EXPECT_EQ(world.run(server->stream->read_some(one_byte)), 0U);
  world.run(testing::send_all(*server->stream, Bytes(20, 2)));
  EXPECT_EQ(world.run(read_to_end(*client->stream)), Bytes(20, 2));
}

TEST_F(TlsPair, an_end_without_close_notify_is_not_taken_for_the_end) {
  auto* const bare = client_stream.get();
  shake_hands(id_of(server_key));
  ASSERT_TRUE(client && server);
  world.run(write_all(*client->stream, pattern_bytes(10'000)));
  world.run(bare->close_write());
  const auto failure = world.run(failure_of(read_to_end(*server->stream)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::closed);
}

TEST_F(TlsPair, an_end_within_a_record_is_not_taken_for_the_end) {
  server_stream = std::make_unique<Ending>(std::move(server_stream), 5000);
  shake_hands(id_of(server_key));
  ASSERT_TRUE(client && server);
  world.run(testing::send_all(*client->stream, pattern_bytes(10'000)));
  const auto failure = world.run(failure_of(read_to_end(*server->stream)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::closed);
}

TEST_F(TlsPair, close_notify_as_the_first_record_ends_the_handshake) {
  EXPECT_EQ(failure_after(from_hex("15030300020100")).code(), ErrorCode::malformed);
}

TEST_F(TlsPair, refuses_what_is_not_tls) {
  EXPECT_EQ(failure_after(as_bytes("GET / HTTP/1.1\r\n\r\n")).code(), ErrorCode::malformed);
}

TEST_F(TlsPair, refuses_a_record_over_16640_bytes_by_its_header) {
  EXPECT_EQ(failure_after(from_hex("1603014101")).code(), ErrorCode::limit);
}

TEST_F(TlsPair, each_record_costs_beside_its_content) {
  shake_hands(id_of(server_key));
  ASSERT_TRUE(client && server);
  for (int i = 0; i < 100; ++i) world.run(write_all(*client->stream, as_bytes("x")));
  world.run(client->stream->close_write());
  EXPECT_EQ(world.run(read_to_end(*server->stream)), Bytes(100, 'x'));
  EXPECT_GE(server->stream->take_overhead_bytes(), 100U * tls::kRecordOverheadBytes);
  EXPECT_EQ(server->stream->take_overhead_bytes(), 0U);
}

/// Two ends that have agreed on secrets, on a bare stream.
class TlsRecords : public TlsPair {
 protected:
  static tls::TrafficKeys keys(std::uint8_t send, std::uint8_t receive) {
    return {.suite = tls::Suite::chacha20_poly1305_sha256,
            .send = tls::TrafficSecret(Bytes(32, send)),
            .receive = tls::TrafficSecret(Bytes(32, receive))};
  }

  TlsStream stream{std::move(server_stream), keys(1, 2)};
  tls::RecordSealer sealer{tls::Suite::chacha20_poly1305_sha256, tls::TrafficSecret(Bytes(32, 2))};
  tls::RecordOpener opener{tls::Suite::chacha20_poly1305_sha256, tls::TrafficSecret(Bytes(32, 1))};

  void send(tls::ContentType type, ByteView content) {
    const Bytes record = sealer.seal(type, content);
    world.run(write_all(*client_stream, record));
  }
  tls::ContentType receive(Bytes& content) {
    Bytes record(tls::kHeaderBytes);
    world.run(read_exactly(*client_stream, record));
    record.resize(record.size() + tls::body_bytes(record));
    world.run(read_exactly(*client_stream, MutableBytes(record).subspan(tls::kHeaderBytes)));
    content.resize(tls::RecordOpener::space_for(record.size()));
    const auto opened = opener.open(record, content);
    content.resize(opened.bytes);
    return opened.type;
  }
};

TEST_F(TlsRecords, answers_a_key_update_before_its_next_data) {
  send(tls::ContentType::handshake, from_hex("1800000101"));
  sealer.update();
  send(tls::ContentType::application_data, as_bytes("new key"));
  Bytes got(100);
  got.resize(world.run(stream.read_some(got)));
  EXPECT_EQ(as_text(got), "new key");
  world.run(write_all(stream, as_bytes("mine too")));
  Bytes content;
  EXPECT_EQ(receive(content), tls::ContentType::handshake);
  EXPECT_TRUE(equal(content, tls::kKeyUpdate));
  opener.update();
  EXPECT_EQ(receive(content), tls::ContentType::application_data);
  EXPECT_EQ(as_text(content), "mine too");
}

TEST_F(TlsRecords, skips_session_tickets_between_data) {
  send(tls::ContentType::application_data, as_bytes("a"));
  send(tls::ContentType::handshake, from_hex("04000003aabbcc"));
  send(tls::ContentType::application_data, as_bytes("b"));
  send(tls::ContentType::alert, tls::kCloseNotify);
  EXPECT_EQ(as_text(world.run(read_to_end(stream))), "ab");
}

TEST_F(TlsRecords, ends_the_connection_at_the_33rd_empty_record) {
  for (int i = 0; i < 33; ++i) send(tls::ContentType::application_data, {});
  const auto failure = world.run(failure_of(read_to_end(stream)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::limit);
}

TEST_F(TlsRecords, an_alert_says_why_the_peer_left) {
  send(tls::ContentType::alert, from_hex("022a"));
  const auto failure = world.run(failure_of(read_to_end(stream)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::closed);
  EXPECT_NE(failure->message().find("bad certificate"), std::string::npos);
}

}  // namespace
}  // namespace shoal::net
