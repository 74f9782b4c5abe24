#include "service/chat_room.h"

#include <algorithm>
#include <utility>

#include "base/base_n.h"
#include "base/error.h"
#include "crypto/aead.h"
#include "crypto/hkdf.h"

namespace shoal::service {

namespace {

constexpr std::string_view kChatScheme = "shoal://chat/";
constexpr std::string_view kChatTopic = "shoal-chat/1/";
constexpr std::string_view kTopicSalt = "shoal chat 1 topic";
constexpr std::string_view kPlainCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

[[noreturn]] void refuse_room(const std::string& why) {
  throw Error(ErrorCode::usage, why, {}, "a chat is a name, or a link such as shoal://chat/picnic");
}

std::string escape_room(std::string_view name) {
  std::string out;
  for (const char each : name) {
    if (kPlainCharacters.find(each) != kPlainCharacters.npos) {
      out += each;
    } else {
      const auto byte = static_cast<std::uint8_t>(each);
      out += '%' + encode_base(Base::base16_upper, ByteView(&byte, 1));
    }
  }
  return out;
}

std::string unescape_room(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    if (text.size() - at < 3) refuse_room("the link of the chat is cut off");
    try {
      out += as_text(from_hex(text.substr(at + 1, 2)));
    } catch (const Error&) {
      refuse_room("the link of the chat is damaged");
    }
    at += 2;
  }
  return out;
}

Bytes parse_room_key(std::string_view text) {
  Bytes key;
  try {
    key = decode_base(Base::base64url, text);
  } catch (const Error&) {
    refuse_room("the key in the link of the chat is damaged");
  }
  if (key.size() != ChatRoom::kKeyBytes) refuse_room("the key in the link of the chat is cut off");
  return key;
}

/// Random nonces of 24 bytes never meet; those of the cipher, 12 bytes, would.
crypto::ChaCha20Poly1305 cipher_of(ByteView key, ByteView nonce) {
  return crypto::ChaCha20Poly1305(crypto::hkdf_sha256<2>(nonce, key)[0]);
}

}  // namespace

ChatRoom::ChatRoom(std::string name, std::optional<Bytes> key)
    : name_(std::move(name)), key_(std::move(key)) {
  if (name_.empty()) refuse_room("a chat needs a name");
  if (name_.size() > kMaxNameBytes) refuse_room("the name of the chat has more than 128 bytes");
}

ChatRoom ChatRoom::open_to_all(std::string name) {
  return {std::move(name), std::nullopt};
}

ChatRoom ChatRoom::private_room(std::string name, Random& random) {
  return {std::move(name), random.bytes(kKeyBytes)};
}

ChatRoom ChatRoom::parse(std::string_view text) {
  if (!text.starts_with(kChatScheme)) return open_to_all(std::string(text));
  if (text.size() > kMaxLinkBytes) refuse_room("the link of the chat is too long");
  text.remove_prefix(kChatScheme.size());
  const std::size_t hash = text.find('#');
  std::optional<Bytes> key;
  if (hash != text.npos) key = parse_room_key(text.substr(hash + 1));
  return {unescape_room(text.substr(0, hash)), std::move(key)};
}

std::string ChatRoom::link() const {
  std::string out = std::string(kChatScheme) + escape_room(name_);
  if (key_) out += '#' + encode_base(Base::base64url, *key_);
  return out;
}

std::string ChatRoom::topic() const {
  if (!key_) return std::string(kChatTopic) + name_;
  return std::string(kChatTopic) + "#" +
         to_hex(crypto::hkdf_sha256<2>(as_bytes(kTopicSalt), *key_)[0]);
}

Bytes ChatRoom::seal(const PeerId& author, ByteView message, Random& random) const {
  if (!key_) return to_bytes(message);
  Bytes out = random.bytes(kNonceBytes);
  out.resize(message.size() + kSealBytes);
  cipher_of(*key_, ByteView(out).first(kNonceBytes))
      .seal({}, author.encoded(), message, MutableBytes(out).subspan(kNonceBytes));
  return out;
}

std::optional<Bytes> ChatRoom::open(const PeerId& author, ByteView sealed) const {
  if (!key_) return to_bytes(sealed);
  if (sealed.size() < kSealBytes) return std::nullopt;
  Bytes out(sealed.size() - kSealBytes);
  crypto::ChaCha20Poly1305 cipher = cipher_of(*key_, sealed.first(kNonceBytes));
  if (!cipher.open({}, author.encoded(), sealed.subspan(kNonceBytes), out)) return std::nullopt;
  return out;
}

}  // namespace shoal::service
