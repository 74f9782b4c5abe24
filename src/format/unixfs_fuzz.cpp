#include "base/error.h"
#include "format/unixfs.h"

// What was decoded survives being encoded again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  try {
    const UnixfsData decoded = decode_unixfs({data, size});
    const Bytes once = encode_unixfs(decoded);
    const UnixfsData again = decode_unixfs(once);
    SHOAL_CHECK(again.type == decoded.type && again.blocksizes == decoded.blocksizes);
    SHOAL_CHECK(equal(encode_unixfs(again), once));
    content_size(decoded);
  } catch (const Error&) {
  }
  return 0;
}
