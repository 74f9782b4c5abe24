#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace shoal::crypto {

/// The key stream of XSalsa20 (D. J. Bernstein, "Extending the Salsa20 nonce"). It hides and does
/// not authenticate: whoever knows the plaintext can change it.
class XSalsa20 {
 public:
  static constexpr std::size_t kKeyBytes = 32;
  static constexpr std::size_t kNonceBytes = 24;
  using Nonce = std::array<std::uint8_t, kNonceBytes>;

  /// `key` has 32 bytes. A nonce must never be used twice with a key.
  XSalsa20(ByteView key, const Nonce& nonce);
  ~XSalsa20();
  XSalsa20(XSalsa20&&) noexcept;
  XSalsa20& operator=(XSalsa20&&) noexcept;

  /// XORs the next bytes of the key stream into `in`; `out` is as long, and the same or elsewhere.
  void apply(ByteView in, MutableBytes out);

 private:
  struct Native;
  std::unique_ptr<Native> native_;
};

/// The first 64 bytes of the key stream of Salsa20 with a nonce of 8 bytes.
std::array<std::uint8_t, 64> salsa20_block(ByteView key, ByteView nonce);

}  // namespace shoal::crypto
