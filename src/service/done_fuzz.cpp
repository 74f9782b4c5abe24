#include <cstdint>

#include "base/error.h"
#include "service/done.h"
#include "service/done_testing.h"
#include "system/test_loop.h"

namespace {

/// What is understood is written again in the same way.
shoal::Task<void> read_and_write(shoal::ByteView input) {
  shoal::service::testing::MemoryStream in(shoal::to_bytes(input));
  const auto root = co_await shoal::service::read_done(in);
  if (!root) co_return;
  shoal::service::testing::MemoryStream out({});
  co_await shoal::service::write_done(out, *root);
  shoal::service::testing::MemoryStream again(out.written);
  const auto same = co_await shoal::service::read_done(again);
  SHOAL_CHECK(same == root);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  shoal::testing::TestLoop loop;
  try {
    loop.run(read_and_write({data, size}));
  } catch (const shoal::Error&) {
  }
  return 0;
}
