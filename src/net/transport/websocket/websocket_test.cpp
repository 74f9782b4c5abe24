#include <gtest/gtest.h>

#include "base/error.h"
#include "net/transport/websocket/frame.h"
#include "net/transport/websocket/handshake.h"

namespace shoal::net::websocket {
namespace {

constexpr const char* kKey = "dGhlIHNhbXBsZSBub25jZQ==";

/// The example of RFC 6455, section 1.3.
TEST(WebSocketHandshake, answers_the_example_of_the_rfc) {
  EXPECT_EQ(accept_value(kKey), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocketHandshake, both_sides_agree) {
  const std::string key = key_of_request(make_request("192.0.2.1:80", kKey));
  EXPECT_EQ(key, kKey);
  EXPECT_NO_THROW(check_answer(make_answer(key), kKey));
}

TEST(WebSocketHandshake, header_names_and_tokens_have_any_case) {
  const std::string request =
      "GET /p2p HTTP/1.1\r\nhost: a\r\nUPGRADE: WebSocket\r\nconnection: keep-alive, upgrade\r\n"
      "sec-websocket-version: 13\r\nsec-websocket-key:dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  EXPECT_EQ(key_of_request(request), kKey);
}

ErrorCode code_of_request(std::string_view head) {
  try {
    (void)key_of_request(head);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

TEST(WebSocketHandshake, refuses_what_asks_for_something_else) {
  const std::string good = make_request("a", kKey);
  const auto without = [&good](std::string_view part) {
    std::string out = good;
    const std::size_t at = out.find(part);
    EXPECT_NE(at, std::string::npos) << part;
    return out.erase(at, part.size());
  };
  for (const char* part : {"GET ", "Upgrade: websocket\r\n", "Connection: Upgrade\r\n",
                           "Sec-WebSocket-Version: 13\r\n", "dGhl", " HTTP/1.1"}) {
    EXPECT_EQ(code_of_request(without(part)), ErrorCode::malformed) << part;
  }
  EXPECT_EQ(code_of_request(""), ErrorCode::malformed);
}

TEST(WebSocketHandshake, tells_no_websocket_from_a_wrong_answer) {
  const auto code = [](std::string_view head) {
    try {
      check_answer(head, kKey);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::failed;
  };
  EXPECT_EQ(code("HTTP/1.1 404 Not Found\r\n\r\n"), ErrorCode::unsupported);
  EXPECT_EQ(code("/multistream/1.0.0\n"), ErrorCode::unsupported);
  EXPECT_EQ(code(make_answer("another")), ErrorCode::malformed);
}

TEST(WebSocketFrame, headers_of_every_length_come_back) {
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{125}, std::uint64_t{126}, std::uint64_t{0xffff},
        std::uint64_t{0x1'0000}, (std::uint64_t{1} << 63) - 1}) {
    for (const auto& mask : {std::optional<Mask>(), std::optional(Mask{1, 2, 3, 4})}) {
      const FrameHeader header{.length = length, .mask = mask};
      const Bytes encoded = encode(header);
      EXPECT_EQ(header_bytes(encoded[0], encoded[1]), encoded.size());
      EXPECT_EQ(decode_header(encoded), header);
    }
  }
}

TEST(WebSocketFrame, refuses_what_the_rfc_forbids) {
  for (const Bytes& bad : {Bytes{0xC2, 0},            // an extension
                           Bytes{0x83, 0},            // no such opcode
                           Bytes{0x09, 0},            // a ping in parts
                           Bytes{0x89, 126, 0, 126},  // a long ping
                           Bytes{0x82, 126, 0, 125},  // a length in too many bytes
                           Bytes{0x82, 127, 0, 0, 0, 0, 0, 0, 255, 255},
                           Bytes{0x82, 127, 128, 0, 0, 0, 0, 0, 0, 0}, Bytes{0x82}, Bytes{}}) {
    EXPECT_THROW((void)decode_header(bad), Error) << bad.size();
  }
}

TEST(WebSocketFrame, a_mask_goes_on_where_it_was) {
  const Mask mask{1, 2, 3, 4};
  Bytes whole(10, 0);
  apply_mask(whole, mask, 0);
  Bytes parts(10, 0);
  apply_mask(MutableBytes(parts).first(3), mask, 0);
  apply_mask(MutableBytes(parts).subspan(3), mask, 3);
  EXPECT_EQ(parts, whole);
}

}  // namespace
}  // namespace shoal::net::websocket
