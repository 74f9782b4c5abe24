#include "fuzz/replay.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace shoal {

void replay(const std::string& name, int (*fuzzer)(const std::uint8_t*, std::size_t)) {
  const std::filesystem::path corpus =
      std::filesystem::path(SHOAL_SOURCE_DIR) / "fuzz/corpus" / name;
  ASSERT_TRUE(std::filesystem::exists(corpus)) << "no inputs are kept in " << corpus;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    fuzzer(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  fuzzer(nullptr, 0);
}

}  // namespace shoal
