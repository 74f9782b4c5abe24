#include <cstdint>

#include "base/error.h"
#include "protocol/tunnel/message.h"

/// What is understood is the same after it was written out, but for a reason that is cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal::tunnel;
  try {
    const Open open = Open::decode({data, size});
    SHOAL_CHECK(is_name(open.name));
    SHOAL_CHECK(Open::decode(open.encode()) == open);
  } catch (const shoal::Error&) {
  }
  try {
    const Answer answer = Answer::decode({data, size});
    SHOAL_CHECK(answer.reason.size() <= kMaxReasonBytes);
    SHOAL_CHECK(Answer::decode(answer.encode()) == answer);
  } catch (const shoal::Error&) {
  }
  return 0;
}
