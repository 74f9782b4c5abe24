#include "base/ip_address.h"

#include "base/error.h"

// What is read is written in a form that reads the same, and a mapped address is what is inside.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  const auto address = IpAddress::parse(as_text({data, size}));
  if (!address) return 0;
  SHOAL_CHECK(IpAddress::parse(address->to_string()) == address);
  const IpAddress inside = address->normalised();
  SHOAL_CHECK(inside.normalised() == inside);
  SHOAL_CHECK(inside.is_loopback() == address->is_loopback());
  SHOAL_CHECK(inside.is_private() == address->is_private());
  SHOAL_CHECK(inside.is_multicast() == address->is_multicast());
  SHOAL_CHECK(inside.is_unspecified() == address->is_unspecified());
  return 0;
}
