#include "cli/address_path.h"

#include "service/link_addresses.h"

namespace shoal::cli {

std::string_view path_of(const Multiaddr& address) {
  if (address.has(AddressCode::p2p_circuit)) return "relay";
  switch (service::reach_of(address)) {
    case service::Reach::this_machine:
      return "loopback";
    case service::Reach::this_network:
      return "lan";
    case service::Reach::anywhere:
      break;
  }
  return "direct";
}

}  // namespace shoal::cli
