#pragma once

#include <optional>
#include <string>
#include <vector>

#include "format/multiaddr.h"
#include "format/peer_id.h"
#include "service/link.h"

// What users of the library write, as the types that everything below knows. All throw
// Error{usage} saying what is wrong with what.

namespace shoal::library {

Multiaddr to_address(const std::string& text);
std::vector<Multiaddr> to_addresses(const std::vector<std::string>& texts);
/// Each ends in /p2p/ID.
std::vector<Multiaddr> to_peer_addresses(const std::vector<std::string>& texts);

/// A peer id, or an address that ends in one.
struct Target {
  PeerId peer;
  std::optional<Multiaddr> address;  // without /p2p
};
Target to_target(const std::string& text);

/// A link, a CID or a gateway's URL; to its providers those given are added, and those `known`.
service::Link to_link(const std::string& text, const std::vector<std::string>& providers,
                      const std::vector<Multiaddr>& known);

void check_protocol(const std::string& name);

}  // namespace shoal::library
