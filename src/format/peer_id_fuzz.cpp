#include "format/peer_id.h"

#include <optional>

#include "base/error.h"

namespace {

using namespace shoal;

void check_properties(const PeerId& id) {
  SHOAL_CHECK(PeerId::decode(id.encoded()) == id);
  SHOAL_CHECK(PeerId::parse(id.to_string()) == id);
  SHOAL_CHECK(id.short_name().size() <= 6);
  try {
    // A key inside is the one that the id is of.
    if (const auto key = id.public_key()) SHOAL_CHECK(id.matches(*key));
  } catch (const Error&) {
  }
}

template <class Read>
void try_reading_id(Read read) {
  std::optional<PeerId> id;
  try {
    id = read();
  } catch (const Error&) {
    return;
  }
  check_properties(*id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  try_reading_id([&] { return PeerId::decode(input); });
  try_reading_id([&] { return PeerId::parse(as_text(input)); });
  return 0;
}
