#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/base_n.h"
#include "base/bytes.h"

namespace shoal {

/// Text that says in its first character which base it is in: multiformats/multibase.
struct MultibaseText {
  Base base;
  Bytes bytes;
};

char multibase_prefix(Base base);
std::optional<Base> base_of_prefix(char prefix);

std::string encode_multibase(Base base, ByteView bytes);

/// Throws Error{unsupported} for a prefix that we do not know, Error{malformed} or {limit} as
/// decode_base does.
MultibaseText decode_multibase(std::string_view text);

}  // namespace shoal
