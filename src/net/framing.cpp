#include "net/framing.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/varint.h"

namespace shoal::net {

namespace {

// A length that is only claimed buys this much memory at once; the rest comes with the bytes.
constexpr std::size_t kFirstStepBytes = 64 * 1024;

Task<std::optional<std::uint64_t>> read_length(Stream& stream) {
  std::array<std::uint8_t, 10> raw{};
  for (std::size_t count = 0; count < raw.size(); ++count) {
    const std::size_t got = co_await stream.read_some(MutableBytes(raw).subspan(count, 1));
    if (got == 0 && count == 0) co_return std::nullopt;
    if (got == 0)
      throw Error(ErrorCode::closed, "the stream ended in the middle of a length prefix");
    ByteView bytes = ByteView(raw).first(count + 1);
    const auto length = take_varint(bytes);
    if (length) co_return length;
  }
  throw Error(ErrorCode::malformed, "a length has too many bytes");
}

}  // namespace

Task<std::optional<Bytes>> read_message(Stream& stream, std::size_t max_bytes) {
  const auto length = co_await read_length(stream);
  if (!length) co_return std::nullopt;
  if (*length > max_bytes) {
    throw Error(ErrorCode::limit, "a message of " + std::to_string(*length) +
                                      " bytes exceeds the limit of " + std::to_string(max_bytes));
  }
  const auto total = static_cast<std::size_t>(*length);
  Bytes out;
  for (std::size_t step = kFirstStepBytes; out.size() < total; step *= 4) {
    const std::size_t have = out.size();
    out.resize(std::min(total, have + step));
    co_await read_exactly(stream, MutableBytes(out).subspan(have));
  }
  co_return out;
}

Task<void> write_message(Stream& stream, ByteView message) {
  Bytes length;
  append_varint(length, message.size());
  const std::array<ByteView, 2> pieces = {length, message};
  co_await stream.write(pieces);
}

}  // namespace shoal::net
