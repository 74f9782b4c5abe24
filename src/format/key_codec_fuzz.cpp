#include "format/key_codec.h"

#include "base/error.h"
#include "format/peer_id.h"

namespace {

using namespace shoal;

void try_public(ByteView input) {
  try {
    const crypto::PublicKey key = decode_public_key(input);
    SHOAL_CHECK(equal(encode_public_key(key), input));
    const PeerId id = PeerId::from_public_key(key);
    SHOAL_CHECK(id.matches(key) && PeerId::decode(id.encoded()) == id);
  } catch (const Error&) {
  }
}

void try_private(ByteView input) {
  try {
    const crypto::PrivateKey key = decode_private_key(input);
    const crypto::PrivateKey again = decode_private_key(encode_private_key(key));
    SHOAL_CHECK(again.public_key() == key.public_key());
  } catch (const Error&) {
  }
}

}  // namespace

// A key that is read has one encoding, and one id.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try_public({data, size});
  try_private({data, size});
  return 0;
}
