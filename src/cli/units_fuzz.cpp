#include "cli/units.h"

#include "base/bytes.h"
#include "base/error.h"

namespace {

template <class Read>
void try_reading(Read read) {
  try {
    read();
  } catch (const shoal::Error& error) {
    SHOAL_CHECK(error.code() == shoal::ErrorCode::usage);
  }
}

}  // namespace

// Numbers as people write them: within their bounds or refused, and short when shown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  using namespace shoal::cli;
  const std::string_view text = as_text({data, size});
  try_reading([&] {
    const std::uint64_t bytes = parse_size("--x", text);
    SHOAL_CHECK(bytes < 1'000'000'000'000'000'000 && format_size(bytes).size() <= 8);
  });
  try_reading([&] {
    const Duration time = parse_time("--x", text);
    SHOAL_CHECK(time > Duration::zero() && !format_time(time).empty());
  });
  try_reading([&] { format_size(parse_count("--x", text)); });
  return 0;
}
