#include "net/transport/websocket/handshake.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/base_n.h"
#include "base/error.h"
#include "crypto/digest.h"

namespace shoal::net::websocket {

namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::string_view kEnd = "\r\n\r\n";
constexpr std::size_t kKeyBytes = 16;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The value of the first header of this name.
std::optional<std::string_view> header(std::string_view head, std::string_view name) {
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos) {
    const std::size_t next = head.find("\r\n", at + 2);
    const std::string_view line = head.substr(at + 2, next - at - 2);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && same(line.substr(0, colon), name))
      return trimmed(line.substr(colon + 1));
    at = next;
  }
  return std::nullopt;
}

/// Whether the header's list has `wanted`.
bool lists(std::string_view head, std::string_view name, std::string_view wanted) {
  std::string_view rest = header(head, name).value_or("");
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (same(trimmed(rest.substr(0, comma)), wanted)) return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

[[noreturn]] void refuse_handshake(const char* why) {
  throw Error(ErrorCode::malformed, why);
}

/// Byte by byte, so that what follows stays in the stream; callers read ahead below.
Task<std::string> read_head(Stream& stream) {
  std::string head;
  while (!head.ends_with(kEnd)) {
    if (head.size() == kMaxHeaderBytes)
      throw Error(ErrorCode::limit, "a WebSocket handshake of more than 8 KiB");
    std::array<std::uint8_t, 1> byte{};
    co_await read_exactly(stream, byte);
    head.push_back(static_cast<char>(byte[0]));
  }
  co_return head;
}

}  // namespace

std::string accept_value(std::string_view key) {
  const std::string text = std::string(key) + std::string(kGuid);
  std::array<std::uint8_t, 20> digest{};
  crypto::compute_digest(crypto::DigestFunction::sha1, as_bytes(text), digest);
  return encode_base(Base::base64_pad, digest);
}

std::string make_request(std::string_view host, std::string_view key) {
  return "GET / HTTP/1.1\r\nHost: " + std::string(host) +
         "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: " +
         std::string(key) + std::string(kEnd);
}

std::string key_of_request(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  if (!line.starts_with("GET ") || !line.ends_with(" HTTP/1.1"))
    refuse_handshake("the WebSocket handshake is no HTTP/1.1 GET request");
  if (!lists(head, "Upgrade", "websocket") || !lists(head, "Connection", "Upgrade"))
    refuse_handshake("the HTTP request does not ask for a WebSocket");
  if (header(head, "Sec-WebSocket-Version") != "13")
    refuse_handshake("the WebSocket handshake is of another version than 13");
  const auto key = header(head, "Sec-WebSocket-Key");
  if (!key || decode_base(Base::base64_pad, *key).size() != kKeyBytes)
    refuse_handshake("the WebSocket handshake has no key of 16 bytes");
  return std::string(*key);
}

std::string make_answer(std::string_view key) {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         accept_value(key) + std::string(kEnd);
}

void check_answer(std::string_view head, std::string_view key) {
  const bool switches = head.starts_with("HTTP/1.1 101 ") || head.starts_with("HTTP/1.1 101\r");
  if (!switches || !lists(head, "Upgrade", "websocket"))
    throw Error(ErrorCode::unsupported, "the server does not speak WebSocket");
  if (header(head, "Sec-WebSocket-Accept") != accept_value(key))
    refuse_handshake("the WebSocket answer belongs to another request");
}

Task<void> shake_hands_as_client(Stream& stream, Random& random, std::string host) {
  std::array<std::uint8_t, kKeyBytes> secret{};
  random.fill(secret);
  const std::string key = encode_base(Base::base64_pad, secret);
  const std::string request = make_request(host, key);
  co_await write_all(stream, as_bytes(request));
  const std::string head = co_await read_head(stream);
  check_answer(head, key);
}

Task<void> shake_hands_as_server(Stream& stream) {
  const std::string head = co_await read_head(stream);
  const std::string answer = make_answer(key_of_request(head));
  co_await write_all(stream, as_bytes(answer));
}

}  // namespace shoal::net::websocket
