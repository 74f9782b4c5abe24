#include "net/security/tls/key_schedule.h"

#include <algorithm>

#include "base/error.h"
#include "crypto/hash.h"
#include "crypto/wipe.h"

namespace shoal::tls {

crypto::AeadAlgorithm aead_of(Suite suite) {
  return suite == Suite::aes_128_gcm_sha256 ? crypto::AeadAlgorithm::aes_128_gcm
                                            : crypto::AeadAlgorithm::chacha20_poly1305;
}

TrafficSecret::TrafficSecret(ByteView bytes) {
  SHOAL_CHECK(bytes.size() == kBytes);
  std::ranges::copy(bytes, bytes_.begin());
}

TrafficSecret::~TrafficSecret() {
  crypto::wipe(bytes_);
}

TrafficSecret TrafficSecret::next() const {
  TrafficSecret out;
  expand_label(bytes_, "traffic upd", out.bytes_);
  return out;
}

void expand_label(ByteView secret, std::string_view label, MutableBytes out) {
  SHOAL_CHECK(out.size() <= sizeof(crypto::Sha256Digest));
  const std::string_view prefix = "tls13 ";
  Bytes info{0, static_cast<std::uint8_t>(out.size()),
             static_cast<std::uint8_t>(prefix.size() + label.size())};
  append(info, as_bytes(prefix));
  append(info, as_bytes(label));
  info.push_back(0);  // no context
  info.push_back(1);  // the first block of HKDF-Expand, of which we need no second
  crypto::Sha256Digest block = crypto::hmac_sha256(secret, info);
  std::copy_n(block.begin(), out.size(), out.begin());
  crypto::wipe(block);
}

}  // namespace shoal::tls
