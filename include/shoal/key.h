#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <shoal/compiler.h>

namespace shoal {

namespace library {
struct KeyCore;
}

/// The private key that is a peer's identity. Immutable; copies share one secret, which is
/// overwritten when the last of them goes. From any thread.
class Key {
 public:
  /// A new Ed25519 key, from the kernel's random numbers: another one at each run, in a simulation
  /// too.
  static Key generate();
  /// The protobuf `PrivateKey` of libp2p's peer-ids spec, as other implementations and a home's
  /// identity.key have it: Ed25519, secp256k1, ECDSA or RSA. `bytes` are the caller's, to be wiped
  /// too. Throws Error{malformed}, {unsupported} for another type of key, {limit} for more than 8
  /// KiB and for RSA beyond 2048 to 8192 bits.
  static Key from_bytes(std::span<const std::byte> bytes);
  /// What from_bytes() takes: a secret, the caller's to wipe.
  std::vector<std::byte> bytes() const;

  /// Of a node that has this key.
  const std::string& peer_id() const;

  const library::KeyCore& core() const { return *core_; }

 private:
  explicit Key(std::shared_ptr<const library::KeyCore> core) : core_(std::move(core)) {}
  std::shared_ptr<const library::KeyCore> core_;
};

}  // namespace shoal
