#include "base/error.h"
#include "protocol/gossipsub/manifest.h"

// A manifest from a peer: refused, or consistent and the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  using namespace shoal::gossipsub;
  try {
    const Manifest manifest = Manifest::decode(ByteView{data, size});
    SHOAL_CHECK(manifest.pieces() > 0 && manifest.pieces() <= kMaxPieces);
    std::size_t total = 0;
    for (std::uint32_t i = 0; i < manifest.pieces(); ++i) {
      SHOAL_CHECK(manifest.offset_of(i) == total);
      SHOAL_CHECK(manifest.size_of(i) > 0 && manifest.size_of(i) <= kMaxPieceBytes);
      total += manifest.size_of(i);
    }
    SHOAL_CHECK(total == manifest.message_bytes);
    const Bytes again = manifest.encode();
    SHOAL_CHECK(Manifest::decode(again).encode() == again);
    (void)has_valid_signature(manifest);
  } catch (const Error& error) {
    SHOAL_CHECK(error.code() == ErrorCode::malformed);
  }
  return 0;
}
