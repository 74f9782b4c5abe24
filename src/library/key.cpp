#include <shoal/key.h>

#include <array>

#include "base/bytes.h"
#include "crypto/wipe.h"
#include "format/key_codec.h"
#include "library/key_core.h"
#include "system/os/random.h"

namespace shoal {

namespace {
constexpr std::size_t kSeedBytes = 32;
}

Key Key::generate() {
  std::array<std::uint8_t, kSeedBytes> seed{};
  os::KernelRandom().fill(seed);
  auto secret = crypto::PrivateKey::ed25519_from_seed(seed);
  crypto::wipe(seed);
  return Key(std::make_shared<const library::KeyCore>(std::move(secret)));
}

Key Key::from_bytes(std::span<const std::byte> bytes) {
  auto secret =
      decode_private_key({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  return Key(std::make_shared<const library::KeyCore>(std::move(secret)));
}

std::vector<std::byte> Key::bytes() const {
  Bytes encoded = encode_private_key(core_->secret);
  const auto view = std::as_bytes(std::span(encoded));
  std::vector<std::byte> out(view.begin(), view.end());
  crypto::wipe(encoded);
  return out;
}

const std::string& Key::peer_id() const {
  return core_->peer_id;
}

}  // namespace shoal
