#include "format/multibase.h"

#include "base/error.h"

namespace shoal {
namespace {

// In the order of Base.
constexpr std::string_view kPrefixes = "fFbBcCkKzmMuU";

}  // namespace

char multibase_prefix(Base base) {
  return kPrefixes[static_cast<std::size_t>(base)];
}

std::optional<Base> base_of_prefix(char prefix) {
  const std::size_t at = kPrefixes.find(prefix);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<Base>(at);
}

std::string encode_multibase(Base base, ByteView bytes) {
  return multibase_prefix(base) + encode_base(base, bytes);
}

MultibaseText decode_multibase(std::string_view text) {
  if (text.empty()) throw Error(ErrorCode::malformed, "multibase text is empty");
  const std::optional<Base> base = base_of_prefix(text.front());
  if (!base) throw Error(ErrorCode::unsupported, "multibase prefix that is not supported");
  return {*base, decode_base(*base, text.substr(1))};
}

}  // namespace shoal
