#include "service/target_name.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "content/partial_name.h"
#include "content/transfer/download.h"
#include "system/sim/world.h"

namespace shoal::service {
namespace {

const Cid kTargetCid = Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("content")));
const std::string kCidText = kTargetCid.to_string();

std::string suggested(std::string filename, std::vector<std::string> path = {}) {
  return suggested_name({.cid = kTargetCid,
                         .path = std::move(path),
                         .filename = std::move(filename),
                         .providers = {}});
}

TEST(TargetName, is_what_the_link_says) {
  EXPECT_EQ(suggested("a file.txt"), "a file.txt");
  EXPECT_EQ(suggested("Grüße"), "Grüße");
  EXPECT_EQ(suggested("", {"a", "b"}), "b");
  EXPECT_EQ(suggested("name", {"a", "b"}), "b");
  EXPECT_EQ(suggested(""), kCidText);
  EXPECT_EQ(suggested(std::string(255, 'n')), std::string(255, 'n'));
}

TEST(TargetName, K1_is_never_a_path) {
  EXPECT_EQ(suggested("../../x"), "x");
  EXPECT_EQ(suggested("/etc/passwd"), "passwd");
  for (const char* name : {"..", ".", "/", "a/", "a/..", "../"}) {
    EXPECT_EQ(suggested(name), kCidText) << name;
    EXPECT_EQ(suggested(name, {"sure"}), "sure") << name;
  }
  EXPECT_EQ(suggested("", {"a", ".."}), kCidText);
  EXPECT_EQ(suggested("", {"a/b"}), kCidText);
}

TEST(TargetName, K6_has_no_characters_that_a_terminal_obeys) {
  for (const std::string& name : {std::string("a\nb"), std::string("\x1b[2J"), std::string("a\x7f"),
                                  std::string("a\tb"), std::string("a\0b", 3),
                                  std::string("a\xc2\x9b"
                                              "2J")}) {
    EXPECT_EQ(suggested(name), kCidText) << name;
    EXPECT_EQ(suggested("", {name}), kCidText) << name;
  }
}

TEST(TargetName, K6_is_not_too_long) {
  EXPECT_EQ(suggested(std::string(256, 'n')), kCidText);
}

class TargetPlaces : public ::testing::Test {
 protected:
  TargetPlaces() {
    storage.make_folder("/folder");
    storage.open("/file", Access::create);
    storage.make_link("/folder", "/to-folder");
    storage.make_link("/file", "/to-file");
  }
  std::string choose(const std::string& output) {
    const TargetPlace place = choose_target(storage, link, output);
    return place.folder + " " + place.name;
  }
  ErrorCode failure(const std::string& output) {
    try {
      choose(output);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::failed;
  }

  sim::World world;
  Storage& storage = world.add_host().system().storage;
  const Link link{.cid = kTargetCid, .path = {}, .filename = "name", .providers = {}};
};

TEST_F(TargetPlaces, are_in_a_folder_or_of_the_name_given) {
  EXPECT_EQ(choose(""), "/ name");
  EXPECT_EQ(choose("."), "/ name");
  EXPECT_EQ(choose("/"), "/ name");
  EXPECT_EQ(choose("/folder"), "/folder name");
  EXPECT_EQ(choose("/folder//"), "/folder name");
  EXPECT_EQ(choose("/folder/new"), "/folder new");
  EXPECT_EQ(choose("folder/.hidden"), "/folder .hidden");
  EXPECT_EQ(choose("/new"), "/ new");
  EXPECT_EQ(choose("/file"), "/ file");
}

TEST_F(TargetPlaces, a_symlink_to_a_folder_is_that_folder_and_one_to_a_file_is_itself) {
  EXPECT_EQ(choose("/to-folder"), "/folder name");
  EXPECT_EQ(choose("/to-folder/new"), "/folder new");
  EXPECT_EQ(choose("/to-file"), "/ to-file");
}

TEST_F(TargetPlaces, a_folder_that_the_same_link_made_is_the_target) {
  storage.set_attribute("/folder", content::kRootAttribute, kCidText);
  EXPECT_EQ(choose("/folder"), "/ folder");
  EXPECT_EQ(choose("/folder/"), "/ folder");
  EXPECT_EQ(choose("/to-folder"), "/ folder");
  storage.set_attribute("/folder", content::kRootAttribute, "another");
  EXPECT_EQ(choose("/folder"), "/folder name");
  const std::string partial = "/" + content::partial_name("folder", kTargetCid);
  storage.make_folder(partial);
  EXPECT_EQ(choose("/folder"), "/ folder");
  storage.remove(partial);
  EXPECT_EQ(choose("/folder"), "/folder name");
}

TEST_F(TargetPlaces, a_folder_that_was_given_may_be_the_target_itself) {
  storage.make_folder("/folder/in");
  const auto itself = folder_itself(choose_target(storage, link, "/folder/in"));
  ASSERT_TRUE(itself);
  EXPECT_EQ(itself->folder + " " + itself->name, "/folder in");
  EXPECT_EQ(folder_itself(choose_target(storage, link, "/folder"))->folder, "/");
  EXPECT_FALSE(folder_itself(choose_target(storage, link, "/")));
  EXPECT_FALSE(choose_target(storage, link, "").in_given_folder);
}

TEST_F(TargetPlaces, need_a_folder_that_is_there) {
  EXPECT_EQ(failure("/none/"), ErrorCode::io);
  EXPECT_EQ(failure("/none/new"), ErrorCode::io);
  EXPECT_EQ(failure("/file/new"), ErrorCode::io);
  EXPECT_EQ(failure("/folder/" + std::string(256, 'n')), ErrorCode::io);
}

}  // namespace
}  // namespace shoal::service
