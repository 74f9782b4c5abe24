#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "system/network.h"
#include "system/random.h"

namespace shoal::net::websocket {

/// Lines of an HTTP request or answer, up to the empty one.
inline constexpr std::size_t kMaxHeaderBytes = 8 * 1024;

/// What a server makes of a client's Sec-WebSocket-Key (RFC 6455, section 4.2.2).
std::string accept_value(std::string_view key);

/// The request of a client (section 4.1). `host` is what follows "Host: ".
std::string make_request(std::string_view host, std::string_view key);
/// The key of a request, `head` with all of its lines. Throws Error{malformed} for anything but the
/// request for a WebSocket of version 13.
std::string key_of_request(std::string_view head);
std::string make_answer(std::string_view key);
/// Throws Error{unsupported} when the server does not switch to WebSocket, {malformed} when its
/// answer belongs to another request.
void check_answer(std::string_view head, std::string_view key);

/// Both sides of the exchange. What the other side sent after it is read from `stream` by whoever
/// comes next: nothing is read too far. Throws as above, and Error{limit} beyond kMaxHeaderBytes.
Task<void> shake_hands_as_client(Stream& stream, Random& random, std::string host);
Task<void> shake_hands_as_server(Stream& stream);

}  // namespace shoal::net::websocket
