#include "service/target_name.h"

#include "base/error.h"
#include "format/name_check.h"

// A link's name and the last part of its path, with a zero byte between: what a download is called
// is always one name that a disk can hold and a terminal does not obey.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  static const Cid kCid = Cid::v1(Codec::raw, Multihash::sha2_256({}));
  const std::string_view input = as_text({data, size});
  const std::size_t end = std::min(input.find('\0'), input.size());
  service::Link link{
      .cid = kCid, .path = {}, .filename = std::string(input.substr(0, end)), .providers = {}};
  if (end < input.size()) link.path.emplace_back(input.substr(end + 1));
  const std::string name = service::suggested_name(link);
  SHOAL_CHECK(is_acceptable_name(name));
  for (const char c : name) SHOAL_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  return 0;
}
