#include "content/partial_name.h"

#include <gtest/gtest.h>

namespace shoal::content {
namespace {

TEST(PartialName, is_known_again_with_its_lock) {
  const Cid cid = Cid::parse("bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
  for (const std::string& name :
       {std::string("a"), std::string("x.tar.gz"), std::string(255, 'n')}) {
    for (const std::string& made : {partial_name(name, cid), partial_lock_name(name, cid)}) {
      EXPECT_TRUE(is_partial_or_lock_name(made)) << made;
      EXPECT_LE(made.size(), 255u);
    }
  }
  for (const char* other : {"a.shoal", ".shoal", ".12345678.shoal", ".a.1234.678.shoal",
                            ".a.12345678.lock", "a.12345678.shoal.lock"}) {
    EXPECT_FALSE(is_partial_or_lock_name(other)) << other;
  }
}

}  // namespace
}  // namespace shoal::content
