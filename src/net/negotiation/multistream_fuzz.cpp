// Any bytes against both sides, in two pieces split where the first byte says; it must not matter.

#include "base/error.h"
#include "net/negotiation/dialer.h"
#include "net/negotiation/listener.h"

namespace {

using namespace shoal;
using namespace shoal::multistream;

struct Outcome {
  Bytes sent;
  std::size_t taken = 0;
  bool refused = false;
  Progress progress = Progress::pending;

  bool operator==(const Outcome&) const = default;
};

template <class Side>
Outcome run(Side side, ByteView input, std::size_t split) {
  Outcome outcome;
  try {
    for (auto piece : {input.first(split), input.subspan(split)}) {
      const std::size_t before = piece.size();
      append(outcome.sent, side.receive(piece));
      outcome.taken += before - piece.size();
    }
  } catch (const Error&) {
    outcome = {};  // what was sent before the error depends on the pieces
    outcome.refused = true;
  }
  outcome.progress = side.progress();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  const std::size_t split = data[0] % (input.size() + 1);
  const std::vector<std::string> protocols{"/a/1.0.0", "/b", "/c"};
  SHOAL_CHECK(run(Dialer(protocols), input, split) == run(Dialer(protocols), input, 0));
  SHOAL_CHECK(run(Listener(protocols), input, split) == run(Listener(protocols), input, 0));
  return 0;
}
