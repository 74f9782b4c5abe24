#include "system/localhost.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Localhost, is_known_by_its_name_and_those_below_it) {
  for (const char* name :
       {"localhost", "LocalHost", "localhost.", "web.localhost", "a.b.localhost."}) {
    EXPECT_TRUE(is_localhost(name)) << name;
  }
  for (const char* name :
       {"", ".", ".localhost", "mylocalhost", "localhost.example", "localhost..", "localhos"}) {
    EXPECT_FALSE(is_localhost(name)) << name;
  }
}

TEST(Localhost, is_this_machine_by_either_protocol) {
  for (const IpAddress& address : localhost_addresses()) EXPECT_TRUE(address.is_loopback());
  EXPECT_EQ(localhost_addresses().size(), 2u);
}

}  // namespace
}  // namespace shoal
