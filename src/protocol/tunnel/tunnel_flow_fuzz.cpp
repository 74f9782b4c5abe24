#include <algorithm>
#include <cstdint>

#include "base/error.h"
#include "protocol/tunnel/flow.h"

/// Whatever the other side sends, and however it is cut: what is held stays within the windows, and
/// comes out as it came in.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal::tunnel;
  WindowPool pool;
  {
    Flow flow(pool);
    Received received(pool.buffers());
    shoal::ByteView input(data, size);
    shoal::Bytes expected;
    shoal::Bytes delivered;
    std::size_t given = kInitialWindow;
    try {
      while (!input.empty()) {
        const shoal::MutableBytes space = received.space(256);
        const std::size_t step = std::min({input.size(), 1UL + input[0] % 64, space.size()});
        std::copy_n(input.begin(), step, space.begin());
        flow.receive(space.first(step), [&](shoal::ByteView piece) {
          shoal::append(expected, piece);
          received.add(piece);
        });
        input = input.subspan(step);
        if (step % 3 == 0) {
          std::size_t bytes = 0;
          for (const shoal::ByteView piece : received.gather()) {
            shoal::append(delivered, piece);
            bytes += piece.size();
          }
          received.drop(bytes);
          flow.consumed(bytes);
        }
        if (const std::size_t owed = flow.owed_credit()) {
          given += owed;
          flow.give_credit();
        }
        if (const std::size_t most = flow.sendable())
          flow.begin_data(std::min<std::size_t>(step, most));
        SHOAL_CHECK(expected.size() <= given);
        SHOAL_CHECK(received.bytes() == flow.unread());
        SHOAL_CHECK(delivered.size() + received.bytes() == expected.size());
        SHOAL_CHECK(std::equal(delivered.begin(), delivered.end(), expected.begin()));
        SHOAL_CHECK(pool.used() <= WindowPool::kBytes);
      }
    } catch (const shoal::Error&) {
    }
  }
  SHOAL_CHECK(pool.used() == 0);
  return 0;
}
