#include "service/done.h"

#include <array>

#include "base/error.h"
#include "net/framing.h"

namespace shoal::service {

Task<void> write_done(Stream& stream, Cid root) {
  const Bytes message = root.encode();
  co_await net::write_message(stream, message);
  co_await stream.close_write();
  std::array<std::uint8_t, 1> end{};
  const std::size_t got = co_await stream.read_some(end);
  if (got > 0) throw Error(ErrorCode::malformed, "an answer where none belongs");
}

Task<std::optional<Cid>> read_done(Stream& stream) {
  const std::optional<Bytes> message = co_await net::read_message(stream, Cid::kMaxEncodedBytes);
  if (!message) co_return std::nullopt;
  co_return Cid::decode(*message);
}

}  // namespace shoal::service
