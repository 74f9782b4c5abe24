#pragma once

#include <cstdint>
#include <optional>

#include "format/multiaddr.h"
#include "format/peer_id.h"

namespace shoal::net {

/// How sure we are of an address, most first; decides what is dialled first and what is forgotten.
enum class AddressSource : std::uint8_t {
  given_by_user,
  connected,
  signed_record,
  claimed,
  hearsay
};

/// An address without /p2p, and how we know it.
struct KnownAddress {
  Multiaddr address;
  AddressSource source = AddressSource::hearsay;
  std::optional<PeerId> told_by{};  // for claimed and hearsay; none: not said
};

}  // namespace shoal::net
