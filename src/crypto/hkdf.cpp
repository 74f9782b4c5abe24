#include "crypto/hkdf.h"

#include <algorithm>

#include "crypto/wipe.h"

namespace shoal::crypto {

template <std::size_t outputs>
std::array<Sha256Digest, outputs> hkdf_sha256(ByteView salt, ByteView input) {
  Sha256Digest pseudorandom_key = hmac_sha256(salt, input);
  std::array<Sha256Digest, outputs> blocks;

  std::array<std::uint8_t, sizeof(Sha256Digest) + 1> message{};
  std::size_t message_at = sizeof(Sha256Digest);  // the first block is made from the counter alone
  for (std::size_t i = 0; i < outputs; ++i) {
    message.back() = static_cast<std::uint8_t>(i + 1);
    blocks[i] = hmac_sha256(pseudorandom_key, ByteView(message).subspan(message_at));
    std::ranges::copy(blocks[i], message.begin());
    message_at = 0;
  }

  wipe(message);
  wipe(pseudorandom_key);
  return blocks;
}

template std::array<Sha256Digest, 2> hkdf_sha256<2>(ByteView salt, ByteView input);
template std::array<Sha256Digest, 3> hkdf_sha256<3>(ByteView salt, ByteView input);

}  // namespace shoal::crypto
