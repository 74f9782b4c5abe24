#include "routing/http_answer.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace shoal::routing {
namespace {

HttpAnswer read(std::string_view text, std::size_t at_once = 1) {
  HttpAnswer out;
  for (std::size_t at = 0; at < text.size() && !out.done(); at += at_once) {
    out.take(as_bytes(text.substr(at, at_once)));
  }
  return out;
}

ErrorCode refusal(std::string_view text, bool ends = false) {
  try {
    HttpAnswer answer = read(text, 4096);
    if (ends) answer.end();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "taken";
  return ErrorCode::failed;
}

TEST(HttpAnswer, reads_a_body_of_the_length_that_is_said) {
  const HttpAnswer answer = read(
      "HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=utf-8\r\n"
      "content-length: 4\r\n\r\nbody and more");
  EXPECT_TRUE(answer.done());
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.content_type(), "application/json");
  EXPECT_EQ(answer.body(), "body");
}

TEST(HttpAnswer, reads_chunks_however_they_arrive) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;x=y\r\nbody\r\nB\r\n and more..\r\n0\r\nTrailer: 1\r\n\r\n";
  for (const std::size_t at_once : {1, 3, 1000}) {
    const HttpAnswer answer = read(text, at_once);
    EXPECT_TRUE(answer.done());
    EXPECT_EQ(answer.body(), "body and more..");
  }
}

TEST(HttpAnswer, without_a_length_ends_with_the_connection) {
  HttpAnswer answer = read("HTTP/1.0 200 OK\r\n\r\nbody");
  EXPECT_FALSE(answer.done());
  answer.end();
  EXPECT_TRUE(answer.done());
  EXPECT_EQ(answer.body(), "body");
}

TEST(HttpAnswer, passes_over_interim_answers_and_knows_those_without_a_body) {
  EXPECT_EQ(
      read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n").status(),
      404);
  EXPECT_TRUE(read("HTTP/1.1 204 No Content\r\n\r\n").done());
  std::string many;
  for (int i = 0; i <= HttpAnswer::kMaxInterim; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(refusal(many), ErrorCode::malformed);
}

TEST(HttpAnswer, refuses_what_is_no_http) {
  for (const char* text :
       {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"}) {
    EXPECT_EQ(refusal(text), ErrorCode::malformed) << text;
  }
  EXPECT_EQ(refusal("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), ErrorCode::unsupported);
  EXPECT_EQ(refusal("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo", true), ErrorCode::malformed);
}

TEST(HttpAnswer, takes_a_body_at_the_bound_and_none_beyond) {
  const std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  const std::string most(HttpAnswer::kMaxBodyBytes, 'x');
  EXPECT_EQ(read(head + most, 4096).body().size(), HttpAnswer::kMaxBodyBytes);
  EXPECT_EQ(refusal(head + most + "x"), ErrorCode::limit);
  EXPECT_EQ(refusal("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n"), ErrorCode::limit);
  EXPECT_EQ(refusal("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
            ErrorCode::limit);
  EXPECT_EQ(refusal("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n"),
            ErrorCode::limit);
}

TEST(HttpAnswer, takes_a_head_at_the_bound_and_none_beyond) {
  const std::string start = "HTTP/1.1 204 OK\r\nX: ";
  const std::string most(HttpAnswer::kMaxHeadBytes - start.size(), 'x');
  EXPECT_TRUE(read(start + most + "\r\n\r\n", 4096).done());
  EXPECT_EQ(refusal(start + most + "x\r\n\r\n"), ErrorCode::limit);
  EXPECT_EQ(refusal("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                    std::string(HttpAnswer::kMaxLineBytes + 1, '1')),
            ErrorCode::limit);
}

}  // namespace
}  // namespace shoal::routing
