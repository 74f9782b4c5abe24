#include "protocol/kad/validator.h"

#include <algorithm>

#include "base/error.h"
#include "format/key_codec.h"
#include "format/peer_id.h"

namespace shoal::kad {

std::optional<std::string_view> namespace_of(ByteView key) {
  const std::string_view text = as_text(key);
  if (!text.starts_with('/')) return std::nullopt;
  const std::size_t end = text.find('/', 1);
  if (end == std::string_view::npos || end == 1 || end + 1 == text.size()) return std::nullopt;
  return text.substr(1, end - 1);
}

void PublicKeyValidator::validate(ByteView key, ByteView value) const {
  constexpr std::size_t kPrefixBytes = std::string_view("/pk/").size();
  const PeerId peer = PeerId::decode(key.subspan(std::min(key.size(), kPrefixBytes)));
  if (peer.matches(decode_public_key(value))) return;
  throw Error(ErrorCode::malformed, "the value is not the public key of this peer",
              peer.to_string());
}

void Validators::add(const std::string& name, const Validator& validator) {
  validators_.insert_or_assign(name, &validator);
}

const Validator& Validators::of(ByteView key) const {
  if (const std::optional<std::string_view> name = namespace_of(key)) {
    const auto found = validators_.find(*name);
    if (found != validators_.end()) return *found->second;
  }
  throw Error(ErrorCode::unsupported, "values of this namespace cannot be checked");
}

std::size_t Validators::select(ByteView key, std::span<const Bytes> values) const {
  SHOAL_CHECK(!values.empty());
  const std::size_t chosen = of(key).select(key, values);
  SHOAL_CHECK(chosen < values.size());
  return chosen;
}

}  // namespace shoal::kad
