#include "system/network.h"

#include <array>

#include "base/error.h"

namespace shoal {

Task<void> Stream::wait_readable() {
  co_return;
}

Task<void> read_exactly(Stream& stream, MutableBytes into) {
  while (!into.empty()) {
    const std::size_t got = co_await stream.read_some(into);
    if (got == 0) throw Error(ErrorCode::closed, "the stream ended in the middle of a message");
    into = into.subspan(got);
  }
}

Task<void> write_all(Stream& stream, ByteView bytes) {
  const std::array<ByteView, 1> pieces = {bytes};
  co_await stream.write(pieces);
}

}  // namespace shoal
