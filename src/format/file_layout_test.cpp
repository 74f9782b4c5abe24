#include "format/file_layout.h"

#include <gtest/gtest.h>

#include "format/ipld_testing.h"

namespace shoal {
namespace {

using testing::add_file;
using testing::BlockMap;
using testing::code_thrown_by;
using testing::kLegacy;
using testing::kModern;
using testing::pseudo_random_bytes;
using testing::small_profile;

std::string file_cid(ByteView content, const UnixfsProfile& profile,
                     const UnixfsMetadata& metadata = {}) {
  return add_file(content, profile, [](const Cid&, const Bytes&) {}, metadata).cid.to_string();
}

// ipfs add FILE, with either profile.
TEST(FileLayout, gives_small_files_the_cids_of_kubo) {
  EXPECT_EQ(file_cid({}, kModern), "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
  EXPECT_EQ(file_cid({}, kLegacy), "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH");
  EXPECT_EQ(file_cid(as_bytes("x"), kModern),
            "bafkreibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe");
  EXPECT_EQ(file_cid(as_bytes("x"), kLegacy), "QmULKig5Fxrs2sC4qt9nNduucXfb92AFYQ6Hi3YRqDmrYC");
  EXPECT_EQ(file_cid(as_bytes("hello world\n"), kModern),
            "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4");
  EXPECT_EQ(file_cid(as_bytes("hello world\n"), kLegacy),
            "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o");
}

TEST(FileLayout, gives_files_around_a_mebibyte_the_cids_of_kubo) {
  const Bytes content = pseudo_random_bytes(1, std::size_t{3} << 20);
  const ByteView all(content);
  const std::size_t mebibyte = std::size_t{1} << 20;
  EXPECT_EQ(file_cid(all.first(mebibyte), kModern),
            "bafkreiefwzvtuwaw22dn5nbpfushhwnhcioow5oiek4dr6kyy5wkq3wy5i");
  EXPECT_EQ(file_cid(all.first(mebibyte), kLegacy),
            "QmeBNe9TfiUPvKrp3jTFWtDKigrAS3yMtF5JmuzbGWeK9T");
  EXPECT_EQ(file_cid(all.first(mebibyte + 1), kModern),
            "bafybeifhul44cpr2ou4s5dklid27a665xuclmotbu5qpenu3tb5udrygga");
  EXPECT_EQ(file_cid(all.first(mebibyte + 1), kLegacy),
            "QmZi5Ji1zMVuooXhKuVvFLQqbTYivMYAnS1BDyTcqXgtcT");
  EXPECT_EQ(file_cid(all, kModern), "bafybeia3zghpbh7r5aneslvcvm7eeixojljxofdgdaav6clqt3vu7jsapm");
  EXPECT_EQ(file_cid(all, kLegacy), "QmdjmFxVtrB4hfxi6mQhXgZ7saWfRXAq2zP71N5fxpQ1Uc");
  EXPECT_EQ(file_cid(all.first((mebibyte >> 2) + 1), kModern),
            "bafkreigqcd4abmebxdboinkv4fn3bcswbfrx5bqls3kfqpyim7fon2jlri");
  EXPECT_EQ(file_cid(all.first((mebibyte >> 2) + 1), kLegacy),
            "QmYdCKyrtGRgMuaNVmssH5L39192Qc6CWjFo4LJBR9QhUC");
}

// ipfs/specs unixfs, test vectors: "Single dag-pb Block File" and "Multi-block File"
TEST(FileLayout, gives_the_files_of_the_specification_their_cids) {
  UnixfsProfile in_dag_pb = kModern;
  in_dag_pb.raw_leaves = false;
  EXPECT_EQ(file_cid(as_bytes("Hello from IPFS Gateway Checker\n"), in_dag_pb),
            "bafybeifx7yeb55armcsxwwitkymga5xf53dxiarykms3ygqic223w5sk3m");

  BalancedFileBuilder builder(kModern, [](const Cid&, const Bytes&) {});
  for (const char* leaf : {"bafkreie5noke3mb7hqxukzcy73nl23k6lxszxi5w3dtmuwz62wnvkpsscm",
                           "bafkreih4ephajybraj6wnxsbwjwa77fukurtpl7oj7t7pfq545duhot7cq",
                           "bafkreigu7buvm3cfunb35766dn7tmqyh2um62zcio63en2btvxuybgcpue",
                           "bafkreicll3huefkc3qnrzeony7zcfo7cr3nbx64hnxrqzsixpceg332fhe"}) {
    builder.add_leaf({Cid::parse(leaf), 256, 256});
  }
  builder.add_leaf(
      {Cid::parse("bafkreifst3pqztuvj57lycamoi7z34b4emf7gawxs74nwrc2c7jncmpaqm"), 2, 2});
  const FileRoot root = builder.finish();
  EXPECT_EQ(root.cid.to_string(), "bafybeigcisqd7m5nf3qmuvjdbakl5bdnh4ocrmacaqkpuh77qjvggmt2sa");
  EXPECT_EQ(root.content_bytes, 1026u);
  EXPECT_EQ(root.tsize, 1271u);
}

// ipfs add --cid-version=1 FILE, without a profile
TEST(FileLayout, mixes_profiles_as_kubo_does) {
  UnixfsProfile mixed = kLegacy;
  mixed.cid_version = 1;
  mixed.raw_leaves = true;
  EXPECT_EQ(file_cid(pseudo_random_bytes(1, (std::size_t{1} << 18) + 1), mixed),
            "bafybeifmkdh2xi33vkkift5sk44pahy4chasikdvosgcrevo26qn7czrhm");
}

// ipfs add --chunker=size-16 --max-file-links=3 FILE, of 20000 bytes: seven levels
TEST(FileLayout, gives_deep_files_the_cids_of_kubo) {
  const Bytes content = pseudo_random_bytes(2, 20'000);
  EXPECT_EQ(file_cid(content, small_profile(kModern, 16, 3)),
            "bafybeigacge2u3nbxmtwkko763z32c5idxpku4q7lrlfqtt4hfhtm4yf34");
  EXPECT_EQ(file_cid(content, small_profile(kLegacy, 16, 3)),
            "QmQvGE6r9mRd1Kg9mqy7v79zqUCN2mwKWjEhAAMcpWFGYZ");
}

std::string cid_of_equal_leaves(std::size_t count, const UnixfsProfile& profile) {
  const Leaf leaf = make_leaf(Bytes(profile.chunk_bytes), profile);
  BalancedFileBuilder builder(profile, [](const Cid&, const Bytes&) {});
  for (std::size_t i = 0; i < count; ++i) builder.add_leaf(leaf.root);
  return builder.finish().cid.to_string();
}

// truncate -s 1025M FILE; ipfs add FILE. truncate -s 43.75M FILE; ipfs add FILE
TEST(FileLayout, starts_a_second_level_with_the_first_leaf_too_many) {
  EXPECT_EQ(cid_of_equal_leaves(1025, kModern),
            "bafybeigt7wofv4vnxbg3titijasuw4ptg5kfztec4smsk7opdt7z6djoxq");
  EXPECT_EQ(cid_of_equal_leaves(175, kLegacy), "QmaL1KiQRV8secNszpjjFPg722T53c77k2dz5UsNua59ZT");
}

TEST(FileLayout, emits_a_node_only_when_it_cannot_be_the_root) {
  const UnixfsProfile profile = small_profile(kModern, 1, 2);
  const Leaf leaf = make_leaf(as_bytes("x"), profile);
  std::size_t emitted = 0;
  BalancedFileBuilder builder(profile, [&](const Cid&, const Bytes&) { ++emitted; });
  std::vector<std::size_t> after_each;
  for (int i = 0; i < 5; ++i) {
    builder.add_leaf(leaf.root);
    after_each.push_back(emitted);
  }
  EXPECT_EQ(after_each, (std::vector<std::size_t>{0, 0, 1, 1, 2}));
  const FileRoot root = builder.finish();
  EXPECT_EQ(root.content_bytes, 5u);
  EXPECT_EQ(emitted, 6u);
}

TEST(FileLayout, says_what_all_blocks_take) {
  BlockMap store;
  const Bytes content = pseudo_random_bytes(2, 20'000);
  const FileRoot root = add_file(content, small_profile(kLegacy, 100, 7), store.sink());
  std::uint64_t sum = 0;
  for (const auto& [cid, block] : store.blocks) sum += block.size();
  EXPECT_EQ(root.tsize, sum);
  EXPECT_EQ(root.content_bytes, content.size());
}

// ipfs add --raw-leaves=false --mode=… --mtime=… --mtime-nsecs=… FILE
TEST(FileLayout, puts_metadata_into_the_root_as_kubo_does) {
  UnixfsProfile profile = kModern;
  profile.raw_leaves = false;
  const UnixfsMetadata full{.mode = 0644, .mtime = UnixfsTime{1'700'000'000, 5}};
  const UnixfsMetadata early{.mode = 0755, .mtime = UnixfsTime{-1000, 0}};
  const UnixfsMetadata time_only{.mtime = UnixfsTime{1'700'000'000, 0}};
  const Bytes content = pseudo_random_bytes(1, std::size_t{3} << 20);
  EXPECT_EQ(file_cid(as_bytes("x"), profile, full),
            "bafybeidze576huwgej5n77kgwoouignx2d3rsvqw76kwx33agmnotplune");
  EXPECT_EQ(file_cid(content, profile, full),
            "bafybeic6wywbblv7f7dtctbreguav7jmqwc5lxph6imvat6o4y5p5yf2fu");
  EXPECT_EQ(file_cid(content, profile, early),
            "bafybeihcaur3p65gm6ptlgensb4cuwsi4igzotdtb5b744o7bhkjv7kdai");
  EXPECT_EQ(file_cid({}, profile, time_only),
            "bafybeigrrbrvc62cr7zioppeu2fqslebdkmbnuyfy2oy6zjqgwgdslqyqi");
}

TEST(FileLayout, turns_a_raw_leaf_into_a_node_when_it_must_carry_metadata) {
  UnixfsProfile without_raw = kModern;
  without_raw.raw_leaves = false;
  const UnixfsMetadata metadata{.mode = 0644};
  EXPECT_EQ(file_cid(as_bytes("x"), kModern, metadata),
            file_cid(as_bytes("x"), without_raw, metadata));
  BalancedFileBuilder builder(kModern, [](const Cid&, const Bytes&) {});
  builder.add_leaf(make_leaf(as_bytes("x"), kModern).root);
  EXPECT_EQ(code_thrown_by([&] { builder.finish(metadata); }), ErrorCode::usage);
}

TEST(FileLayout, refuses_files_whose_size_overflows) {
  BalancedFileBuilder builder(kModern, [](const Cid&, const Bytes&) {});
  FileRoot huge = make_leaf(as_bytes("x"), kModern).root;
  huge.content_bytes = (std::uint64_t{1} << 63) - 1;
  builder.add_leaf(huge);
  EXPECT_EQ(code_thrown_by([&] { builder.add_leaf(huge); }), ErrorCode::limit);
}

}  // namespace
}  // namespace shoal
