#include <optional>

#include "base/error.h"
#include "format/cid.h"

namespace {

using shoal::Cid;

void check_properties(const Cid& cid) {
  const shoal::Bytes encoded = cid.encode();
  SHOAL_CHECK(encoded.size() <= Cid::kMaxEncodedBytes);
  SHOAL_CHECK(cid.hash().digest().size() <= shoal::Multihash::kMaxDigestBytes);
  SHOAL_CHECK(Cid::decode(encoded) == cid);
  SHOAL_CHECK(Cid::parse(cid.to_string()) == cid);
  shoal::ByteView in = encoded;
  SHOAL_CHECK(Cid::take(in) == cid && in.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const shoal::ByteView input(data, size);
  std::optional<Cid> decoded;
  std::optional<Cid> parsed;
  try {
    decoded = Cid::decode(input);
  } catch (const shoal::Error&) {
  }
  try {
    parsed = Cid::parse(shoal::as_text(input));
  } catch (const shoal::Error&) {
  }
  if (decoded) {
    check_properties(*decoded);
    SHOAL_CHECK(shoal::equal(decoded->encode(), input));  // one encoding each
  }
  if (parsed) check_properties(*parsed);
  return 0;
}
