#include <algorithm>
#include <cstdint>

#include "base/error.h"
#include "protocol/tunnel/flow.h"

/// Whatever the other side sends, and however it is cut: what is held stays within the windows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal::tunnel;
  WindowPool pool;
  {
    Flow flow(pool);
    shoal::ByteView input(data, size);
    shoal::Bytes taken;
    std::size_t given = kInitialWindow;
    std::size_t received = 0;
    try {
      while (!input.empty()) {
        const std::size_t step = std::min<std::size_t>(input.size(), 1 + input[0] % 64);
        flow.receive(input.first(step));
        input = input.subspan(step);
        if (step % 3 == 0) {
          flow.take_unread(taken);
          received += taken.size();
          flow.consumed(taken.size());
        }
        if (const std::size_t owed = flow.owed_credit()) {
          given += owed;
          flow.give_credit();
        }
        if (const std::size_t most = flow.sendable())
          flow.begin_data(std::min<std::size_t>(step, most));
        SHOAL_CHECK(received + flow.unread() <= given);
        SHOAL_CHECK(pool.used() <= WindowPool::kBytes);
      }
    } catch (const shoal::Error&) {
    }
  }
  SHOAL_CHECK(pool.used() == 0);
  return 0;
}
