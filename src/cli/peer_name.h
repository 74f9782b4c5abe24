#pragma once

#include <string>

#include "format/peer_id.h"

namespace shoal::cli {

/// Enough of an id to tell peers apart on a narrow terminal: "12D3KooW…eBoCouim".
inline std::string short_name(const PeerId& peer) {
  constexpr std::size_t kEnd = 8;
  std::string text = peer.to_string();
  if (text.size() <= 2 * kEnd + 1) return text;
  return text.substr(0, kEnd) + "…" + text.substr(text.size() - kEnd);
}

}  // namespace shoal::cli
