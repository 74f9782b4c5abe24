#include "content/partial_name.h"

#include <gtest/gtest.h>

namespace shoal::content {
namespace {

const Cid kCid = Cid::parse("bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");

TEST(PartialName, is_known_again_with_those_beside_it) {
  for (const std::string& name :
       {std::string("a"), std::string("x.tar.gz"), std::string(255, 'n')}) {
    for (const std::string& made :
         {partial_name(name, kCid), partial_lock_name(name, kCid), old_target_name(name, kCid, 0),
          old_target_name(name, kCid, 12), kept_target_name(name, kCid), trial_name(name, kCid)}) {
      EXPECT_TRUE(is_download_name(made)) << made;
      EXPECT_LE(made.size(), 255u);
    }
  }
  for (const char* other :
       {"a.shoal", ".shoal", ".12345678.shoal", ".a.1234.678.shoal", ".a.12345678.lock",
        "a.12345678.shoal.lock", ".a.12345678.old", ".a.12345678.shoal.old.x"}) {
    EXPECT_FALSE(is_download_name(other)) << other;
  }
}

TEST(PartialName, tells_what_an_old_target_was_called) {
  for (const std::string& name : {std::string("a"), std::string(255, 'n')}) {
    for (const unsigned number : {0u, 7u}) {
      EXPECT_TRUE(is_old_target_of(old_target_name(name, kCid, number), name));
      EXPECT_FALSE(is_old_target_of(old_target_name(name, kCid, number), "b"));
    }
    EXPECT_FALSE(is_old_target_of(partial_name(name, kCid), name));
    EXPECT_FALSE(is_old_target_of(kept_target_name(name, kCid), name));
  }
}

}  // namespace
}  // namespace shoal::content
