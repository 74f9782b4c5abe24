#include "base/error.h"
#include "format/multiaddr.h"

namespace {

using shoal::Multiaddr;

/// What must hold for every address that was accepted, whoever sent it.
void check_properties(const Multiaddr& address) {
  SHOAL_CHECK(address.encoded().size() <= Multiaddr::kMaxBytes);
  SHOAL_CHECK(address.components().size() <= Multiaddr::kMaxComponents);
  SHOAL_CHECK(Multiaddr::decode(address.encoded()) == address);
  SHOAL_CHECK(Multiaddr::parse(address.to_string()) == address);
  if (const auto peer = address.peer()) {
    SHOAL_CHECK(address.without_peer().encapsulate(Multiaddr::p2p(*peer)) == address);
    SHOAL_CHECK(address.with_peer(*peer) == address);
  }
  if (const auto endpoint = address.tcp_endpoint()) {
    SHOAL_CHECK(Multiaddr::tcp(*endpoint).tcp_endpoint() == endpoint);
  }
  SHOAL_CHECK(address.decapsulate(address).empty());
  address.tcp_host();
}

template <class Read>
void try_reading(Read read) {
  std::optional<Multiaddr> address;
  try {
    address = read();
  } catch (const shoal::Error&) {
    return;  // refused
  }
  check_properties(*address);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const shoal::ByteView input(data, size);
  try_reading([&] { return Multiaddr::decode(input); });
  try_reading([&] { return Multiaddr::parse(shoal::as_text(input)); });
  return 0;
}
