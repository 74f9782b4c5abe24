#include "net/security/pnet/network_key.h"

#include <algorithm>
#include <string_view>

#include "base/base_n.h"
#include "base/error.h"
#include "crypto/digest.h"
#include "crypto/wipe.h"
#include "crypto/xsalsa20.h"

namespace shoal::pnet {

namespace {

constexpr std::string_view kHeader = "/key/swarm/psk/1.0.0/";
constexpr std::string_view kHint =
    "make one with 64 hexadecimal digits in its third line, or copy the network's swarm.key";

[[noreturn]] void refuse(ErrorCode code, const std::string& sentence) {
  throw Error(code, sentence, {}, std::string(kHint));
}

std::string_view without_line_end(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

/// Takes a line off the front.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    refuse(ErrorCode::malformed, "the network key ends before its third line");
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return without_line_end(line);
}

Bytes decode_key(std::string_view encoding, std::string_view text) {
  if (encoding == "/base16/") return decode_base(Base::base16, without_line_end(text));
  if (encoding == "/base64/") return decode_base(Base::base64_pad, without_line_end(text));
  if (encoding != "/bin/") {
    refuse(ErrorCode::unsupported, "the network key is in an encoding that we do not know");
  }
  // Its last bytes may look like the end of a line.
  const std::string_view rest = text.substr(std::min(text.size(), NetworkKey::kBytes));
  return without_line_end(rest).empty() ? to_bytes(text.substr(0, NetworkKey::kBytes))
                                        : to_bytes(text);
}

}  // namespace

NetworkKey NetworkKey::parse(ByteView file) {
  if (file.size() > kMaxKeyFileBytes) refuse(ErrorCode::limit, "the network key is too long");
  std::string_view text = as_text(file);
  if (take_line(text) != kHeader) {
    refuse(ErrorCode::unsupported, "the network key does not begin with " + std::string(kHeader));
  }
  const std::string_view encoding = take_line(text);
  Bytes secret = decode_key(encoding, text);
  if (secret.size() != kBytes) {
    crypto::wipe(secret);
    refuse(ErrorCode::malformed, "the network key does not have 32 bytes");
  }
  NetworkKey key{ByteView(secret)};
  crypto::wipe(secret);
  return key;
}

NetworkKey::NetworkKey(ByteView secret) {
  SHOAL_CHECK(secret.size() == kBytes);
  std::ranges::copy(secret, bytes_.begin());
}

NetworkKey::~NetworkKey() {
  crypto::wipe(bytes_);
}

/// As Kubo does: the cipher goes first, so that the hash never sees the key.
std::string NetworkKey::fingerprint() const {
  auto block = crypto::salsa20_block(bytes_, as_bytes("finprint"));
  std::array<std::uint8_t, 16> digest{};
  crypto::compute_digest(crypto::DigestFunction::shake_128, block, digest);
  crypto::wipe(block);
  return to_hex(digest);
}

}  // namespace shoal::pnet
