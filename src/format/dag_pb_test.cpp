#include "format/dag_pb.h"

#include <gtest/gtest.h>

#include "base/varint.h"
#include "format/ipld_testing.h"

namespace shoal {
namespace {

using testing::code_thrown_by;

Cid some_cid() {
  return Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("x")));
}

ErrorCode failure(std::string_view hex) {
  return code_thrown_by([&] { decode_dag_pb(from_hex(hex)); });
}

TEST(DagPb, writes_what_kubo_writes) {
  // ipfs block get of the directory d/tree/a: "b" (a directory) and "hello.txt"
  const std::string expected =
      "122b0a2401701220c05d6f011a0871915f050c65c8335c27a7c48558f638342d2219185a0092c9021201621835"
      "12330a2401551220a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a4471209"
      "68656c6c6f2e747874180c0a020801";
  const Bytes block = from_hex(expected);
  const DagPbView view = decode_dag_pb(block);
  ASSERT_EQ(view.links.size(), 2u);
  EXPECT_EQ(view.links[0].name, "b");
  EXPECT_EQ(view.links[0].tsize, 53u);
  EXPECT_EQ(view.links[1].cid.to_string(),
            "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4");
  ASSERT_TRUE(view.data);
  EXPECT_EQ(to_hex(*view.data), "0801");
  const std::vector<DagPbLink> reversed{{view.links[1].cid, "hello.txt", 12},
                                        {view.links[0].cid, "b", 53}};
  EXPECT_EQ(to_hex(encode_dag_pb(reversed, view.data)), expected);
}

TEST(DagPb, sorts_names_as_unsigned_bytes_and_keeps_equal_ones_in_order) {
  const std::vector<DagPbLink> links{
      {some_cid(), "\xff", 1}, {some_cid(), "a", 2}, {some_cid(), "a", 3}, {some_cid(), "", 4}};
  const Bytes block = encode_dag_pb(links, std::nullopt);
  const DagPbView view = decode_dag_pb(block);
  std::vector<std::uint64_t> order;
  for (const DagPbLinkView& link : view.links) order.push_back(link.tsize);
  EXPECT_EQ(order, (std::vector<std::uint64_t>{4, 2, 3, 1}));
  EXPECT_FALSE(view.data);
}

TEST(DagPb, accepts_the_empty_node_and_data_before_links) {
  EXPECT_TRUE(decode_dag_pb({}).links.empty());
  const Bytes block = from_hex(
      "0a0201021206"
      "0a0401550000");
  const DagPbView view = decode_dag_pb(block);
  EXPECT_EQ(view.links.size(), 1u);
  EXPECT_EQ(to_hex(*view.data), "0102");
}

TEST(DagPb, treats_a_missing_name_and_size_as_empty) {
  const Bytes block = from_hex("12060a0401550000");
  const DagPbView view = decode_dag_pb(block);
  ASSERT_EQ(view.links.size(), 1u);
  EXPECT_EQ(view.links[0].name, "");
  EXPECT_EQ(view.links[0].tsize, 0u);
}

TEST(DagPb, J4_rejects_hostile_nodes) {
  EXPECT_EQ(failure("0a00"
                    "0a00"),
            ErrorCode::malformed)
      << "data twice";
  EXPECT_EQ(failure("12060a0401550000"
                    "0a00"
                    "12060a0401550000"),
            ErrorCode::malformed)
      << "links on both sides of the data";
  EXPECT_EQ(failure("1a00"), ErrorCode::malformed) << "field 3";
  EXPECT_EQ(failure("0800"), ErrorCode::malformed) << "data as a number";
  EXPECT_EQ(failure("1000"), ErrorCode::malformed) << "link as a number";
  EXPECT_EQ(failure("0b0c"), ErrorCode::malformed) << "group";
  EXPECT_EQ(failure("0a05ff"), ErrorCode::malformed) << "truncated data";
  EXPECT_EQ(failure("0affffffffffffffffff01"), ErrorCode::malformed) << "length of 2^64 - 1";
  EXPECT_EQ(failure("0a"), ErrorCode::malformed) << "no length";
}

TEST(DagPb, J4_rejects_hostile_links) {
  EXPECT_EQ(failure("1200"), ErrorCode::malformed) << "no hash";
  EXPECT_EQ(failure("1202"
                    "0a00"),
            ErrorCode::malformed)
      << "empty hash";
  EXPECT_EQ(failure("1203"
                    "120161"),
            ErrorCode::malformed)
      << "name only";
  EXPECT_EQ(failure("1208"
                    "1200"
                    "0a0401550000"),
            ErrorCode::malformed)
      << "name before hash";
  EXPECT_EQ(failure("120a"
                    "0a0401550000"
                    "1801"
                    "1200"),
            ErrorCode::malformed)
      << "size before name";
  EXPECT_EQ(failure("120c"
                    "0a0401550000"
                    "0a0401550000"),
            ErrorCode::malformed)
      << "hash twice";
  EXPECT_EQ(failure("120a"
                    "0a0401550000"
                    "1801"
                    "1801"),
            ErrorCode::malformed)
      << "size twice";
  EXPECT_EQ(failure("1208"
                    "0a0401550000"
                    "2200"),
            ErrorCode::malformed)
      << "field 4";
  EXPECT_EQ(failure("1208"
                    "0a0401550000"
                    "1a00"),
            ErrorCode::malformed)
      << "size as bytes";
  EXPECT_EQ(failure("1207"
                    "0a050155000000"),
            ErrorCode::malformed)
      << "bytes behind the CID";
  EXPECT_EQ(failure("1211"
                    "0a0401550000"
                    "18ffffffffffffffffff01"),
            ErrorCode::malformed)
      << "size of 64 bits";
}

TEST(DagPb, holds_a_block_of_two_mebibytes_and_no_more) {
  // One byte of tag and three of length.
  const Bytes data(kMaxBlockBytes - 4);
  const Bytes block = encode_dag_pb({}, ByteView(data));
  EXPECT_EQ(block.size(), kMaxBlockBytes);
  EXPECT_EQ(decode_dag_pb(block).data->size(), data.size());

  const Bytes more(kMaxBlockBytes - 3);
  EXPECT_EQ(code_thrown_by([&] { encode_dag_pb({}, ByteView(more)); }), ErrorCode::limit);
  EXPECT_EQ(code_thrown_by([&] { decode_dag_pb(Bytes(kMaxBlockBytes + 1)); }), ErrorCode::limit);
}

TEST(DagPb, counts_the_bytes_of_a_link_without_encoding_it) {
  for (const std::size_t length : {0, 1, 83, 84, 85, 86, 127, 128, 255}) {
    const std::vector<DagPbLink> links{{some_cid(), std::string(length, 'n'), 1U << 14}};
    EXPECT_EQ(encoded_link_bytes(links[0]), encode_dag_pb(links, std::nullopt).size());
  }
}

TEST(DagPb, J4_refuses_sizes_that_overflow) {
  const std::vector<DagPbLink> links{{some_cid(), "", kMaxVarint - 1}};
  EXPECT_EQ(cumulative_size(1, links), kMaxVarint);
  EXPECT_EQ(code_thrown_by([&] { cumulative_size(2, links); }), ErrorCode::malformed);
}

}  // namespace
}  // namespace shoal
