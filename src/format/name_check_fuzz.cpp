#include "format/name_check.h"

#include <filesystem>

#include "base/bytes.h"
#include "base/error.h"

// A name that is accepted is one component of a path, whatever it is joined to.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view name = shoal::as_text({data, size});
  bool refused = false;
  try {
    shoal::check_entry_name(name);
  } catch (const shoal::Error&) {
    refused = true;
  }
  SHOAL_CHECK(refused != shoal::is_acceptable_name(name));
  if (refused) return 0;
  const std::filesystem::path root = "/a/b";
  const std::filesystem::path joined = root / std::filesystem::path(name);
  SHOAL_CHECK(joined.lexically_normal().parent_path() == root);
  SHOAL_CHECK(joined.filename() == std::filesystem::path(name) && name.size() <= 255);
  return 0;
}
