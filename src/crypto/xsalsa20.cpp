#include "crypto/xsalsa20.h"

#include <crypto++/salsa.h>

#include "base/error.h"

namespace shoal::crypto {

struct XSalsa20::Native {
  CryptoPP::XSalsa20::Encryption stream;
};

XSalsa20::XSalsa20(ByteView key, const Nonce& nonce) : native_(std::make_unique<Native>()) {
  SHOAL_CHECK(key.size() == kKeyBytes);
  native_->stream.SetKeyWithIV(key.data(), key.size(), nonce.data(), nonce.size());
}

XSalsa20::~XSalsa20() = default;
XSalsa20::XSalsa20(XSalsa20&&) noexcept = default;
XSalsa20& XSalsa20::operator=(XSalsa20&&) noexcept = default;

void XSalsa20::apply(ByteView in, MutableBytes out) {
  SHOAL_CHECK(in.size() == out.size());
  native_->stream.ProcessData(out.data(), in.data(), in.size());
}

std::array<std::uint8_t, 64> salsa20_block(ByteView key, ByteView nonce) {
  CryptoPP::Salsa20::Encryption stream;
  stream.SetKeyWithIV(key.data(), key.size(), nonce.data(), nonce.size());
  std::array<std::uint8_t, 64> block{};
  stream.ProcessData(block.data(), block.data(), block.size());
  return block;
}

}  // namespace shoal::crypto
