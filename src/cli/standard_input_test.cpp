#include "cli/standard_input.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "system/os/test_world.h"

namespace shoal::cli {
namespace {

using os::TempFolder;

std::size_t files_in(const std::string& folder) {
  const auto all = std::filesystem::directory_iterator(folder);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

Task<void> old_spools(System& system) {
  const TempFolder home;
  content::BlockStore store(system, home.path());
  remove_old_spools(system, store, home.path());
  EXPECT_FALSE(std::filesystem::exists(home.path("spool"))) << "made something";
  {
    const Spool spool(system, store, home.path());
    std::ofstream(home.path("spool/0123456789abcdef")) << "of a process that was killed";
    std::ofstream(home.path("spool/0123456789abcdef.lock")) << "1\n";
    std::ofstream(home.path("spool/fedcba9876543210.lock")) << "1\n";
    std::ofstream(home.path("spool/0000000000000000")) << "that lost its lock";
    remove_old_spools(system, store, home.path());
    EXPECT_TRUE(std::filesystem::exists(spool.path()));
    EXPECT_EQ(files_in(home.path("spool")), 2u) << "the live one and its lock";
  }
  EXPECT_EQ(files_in(home.path("spool")), 0u);
  co_await store.stop();
}
TEST(StandardInput, keeps_spools_of_running_processes_alone) {
  os::in_world(old_spools);
}

Task<void> forgotten(System& system) {
  const TempFolder home;
  content::BlockStore store(system, home.path());
  const Multihash hash = Multihash::sha2_256(as_bytes("content"));
  {
    const Spool spool(system, store, home.path());
    std::ofstream(spool.path()) << "content";
    store.put_extent(hash, store.add_file(spool.path(), content::kNeverTrusted), 0, 7);
    EXPECT_TRUE(co_await store.get(hash));
  }
  EXPECT_FALSE(store.has(hash));
  co_await store.stop();
}
TEST(StandardInput, is_forgotten_by_the_index_with_its_spool) {
  os::in_world(forgotten);
}

}  // namespace
}  // namespace shoal::cli
