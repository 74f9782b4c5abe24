#include <cstdint>

#include "base/error.h"
#include "routing/http_answer.h"

// An answer of whatever bytes, in pieces as long as the first byte says: the pieces make no
// difference, and nothing passes its bound.
namespace {

struct Outcome {
  bool refused = false;
  bool done = false;
  int status = 0;
  std::string body;

  bool operator==(const Outcome&) const = default;
};

Outcome read(shoal::ByteView bytes, std::size_t piece) {
  using namespace shoal;
  routing::HttpAnswer answer;
  Outcome out;
  try {
    for (std::size_t at = 0; at < bytes.size() && !answer.done(); at += piece) {
      answer.take(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    }
    answer.end();
  } catch (const Error&) {
    out.refused = true;
    return out;
  }
  SHOAL_CHECK(answer.body().size() <= routing::HttpAnswer::kMaxBodyBytes);
  out.done = answer.done();
  out.status = answer.status();
  out.body = answer.body();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const shoal::ByteView bytes{data + 1, size - 1};
  const Outcome pieces = read(bytes, std::size_t{1} + data[0]);
  const Outcome whole = read(bytes, bytes.size() + 1);
  SHOAL_CHECK(pieces == whole);
  return 0;
}
