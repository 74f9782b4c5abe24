#include "format/car.h"

#include <gtest/gtest.h>

#include "base/varint.h"
#include "format/block.h"
#include "format/ipld_testing.h"

namespace shoal {
namespace {

using testing::code_thrown_by;
using testing::load_car;
using testing::read_testdata;

const char* const kLinkOfEmptyIdentity = "d82a450001550000";

ErrorCode header_failure(const std::string& hex) {
  return code_thrown_by([&] { decode_car_header(from_hex(hex)); });
}

Cid raw_cid(ByteView content) {
  return Cid::v1(Codec::raw, Multihash::sha2_256(content));
}

Bytes empty_car() {
  return encode_car_start({.roots = {raw_cid(as_bytes("x"))}});
}

ErrorCode failure(ByteView car) {
  return code_thrown_by([&] {
    CarReader reader;
    reader.feed(car);
    while (reader.next()) {
    }
    reader.finish();
  });
}

// ipfs dag export
TEST(Car, writes_back_what_kubo_wrote) {
  for (const char* name : {"tree_v1.car", "trickle_v0.car", "meta.car"}) {
    const auto car = load_car(name);
    Bytes written = encode_car_start({.roots = {car.root}});
    for (const Cid& cid : car.order) append_car_block(written, cid, car.blocks.at(cid));
    EXPECT_TRUE(equal(written, read_testdata(name))) << name;
  }
}

TEST(Car, reads_in_pieces_of_one_byte) {
  const Bytes file = read_testdata("tree_v1.car");
  CarReader reader;
  std::size_t blocks = 0;
  for (const std::uint8_t byte : file) {
    reader.feed(ByteView(&byte, 1));
    while (reader.next()) ++blocks;
  }
  reader.finish();
  EXPECT_EQ(blocks, load_car("tree_v1.car").order.size());
  EXPECT_EQ(blocks, 8u);
}

TEST(Car, accepts_an_end_between_sections_only) {
  const Bytes file = read_testdata("tree_v1.car");
  std::size_t good_ends = 0;
  for (std::size_t size = 0; size < file.size(); ++size) {
    CarReader reader;
    reader.feed(ByteView(file).first(size));
    while (reader.next()) {
    }
    try {
      reader.finish();
      ++good_ends;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::malformed);
    }
  }
  EXPECT_EQ(good_ends, 8u) << "behind the header, and behind each block but the last";
}

TEST(Car, J6_rejects_a_block_that_is_not_what_its_cid_says) {
  Bytes car = empty_car();
  append_car_block(car, raw_cid(as_bytes("right")), as_bytes("wrong"));
  EXPECT_EQ(failure(car), ErrorCode::corrupt);
}

TEST(Car, reads_blocks_hashed_with_what_other_nodes_use) {
  Bytes car = empty_car();
  // blake2b-256 of "abc", by Python's hashlib
  const std::string digest = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";
  append_car_block(car, Cid::decode(from_hex("0155a0e40220" + digest)), as_bytes("abc"));
  CarReader reader;
  reader.feed(car);
  EXPECT_EQ(reader.next()->bytes, to_bytes("abc"));
  append_car_block(car, Cid::decode(from_hex("0155a0e40220" + digest)), as_bytes("abd"));
  EXPECT_EQ(failure(car), ErrorCode::corrupt);
}

TEST(Car, J6_rejects_blocks_that_nobody_can_verify) {
  Bytes car = empty_car();
  // blake3
  Bytes cid = from_hex("01551e20");
  cid.resize(cid.size() + 32);
  append_car_block(car, Cid::decode(cid), as_bytes("x"));
  EXPECT_EQ(failure(car), ErrorCode::unsupported);
}

TEST(Car, B2_J6_rejects_hostile_sections) {
  const auto with = [](std::string_view hex) {
    Bytes car = empty_car();
    append(car, from_hex(hex));
    return car;
  };
  EXPECT_EQ(failure(with("00")), ErrorCode::malformed) << "no bytes";
  EXPECT_EQ(failure(with("0155")), ErrorCode::malformed) << "shorter than its CID";
  EXPECT_EQ(failure(with("8100")), ErrorCode::malformed) << "length in more bytes than needed";
  EXPECT_EQ(failure(with("ffffffffffffffffff01")), ErrorCode::malformed) << "length of 2^64 - 1";
  EXPECT_EQ(failure(with("ffffffffffffffff7f")), ErrorCode::limit) << "length of 2^63 - 1";
  EXPECT_EQ(failure(with("81808010")), ErrorCode::limit) << "length of 32 MiB + 1";
  EXPECT_EQ(failure(with("80808010")), ErrorCode::malformed) << "32 MiB that do not come";
}

TEST(Car, J6_bounds_sections) {
  Bytes car = empty_car();
  append_car_block(car, raw_cid(as_bytes("12345678")), as_bytes("12345678"));
  CarReader exact(36 + 8);
  exact.feed(car);
  EXPECT_TRUE(exact.next());
  CarReader tight(36 + 7);
  tight.feed(car);
  EXPECT_EQ(code_thrown_by([&] { tight.next(); }), ErrorCode::limit);
}

TEST(Car, tells_blocks_that_no_peer_would_take) {
  Bytes car = empty_car();
  const Bytes fits(kMaxBlockBytes);
  const Bytes large(kMaxBlockBytes + 1);
  append_car_block(car, raw_cid(fits), fits);
  append_car_block(car, raw_cid(large), large);
  CarReader reader;
  reader.feed(car);
  EXPECT_FALSE(reader.next()->oversized);
  EXPECT_TRUE(reader.next()->oversized);
}

TEST(CarHeader, accepts_both_orders_and_any_number_of_roots) {
  const std::string version = "6776657273696f6e01";
  const std::string roots = "65726f6f7473";
  EXPECT_TRUE(decode_car_header(from_hex("a2" + roots + "80" + version)).roots.empty());
  EXPECT_TRUE(decode_car_header(from_hex("a2" + version + roots + "80")).roots.empty());
  const CarHeader many{.roots = std::vector<Cid>(300, raw_cid(as_bytes("x")))};
  EXPECT_EQ(decode_car_header(encode_car_header(many)).roots, many.roots);
}

TEST(CarHeader, B9_rejects_hostile_headers) {
  const std::string version = "6776657273696f6e01";
  const std::string roots = "65726f6f7473";
  EXPECT_EQ(header_failure(""), ErrorCode::malformed);
  EXPECT_EQ(header_failure("a1" + version), ErrorCode::malformed) << "no roots";
  EXPECT_EQ(header_failure("a1" + roots + "80"), ErrorCode::malformed) << "no version";
  EXPECT_EQ(header_failure("a16776657273696f6e02"), ErrorCode::unsupported) << "version 2";
  EXPECT_EQ(header_failure("a2" + roots + "80" + roots + "80"), ErrorCode::malformed);
  EXPECT_EQ(header_failure("a2" + version + version), ErrorCode::malformed);
  EXPECT_EQ(header_failure("a3" + roots + "80" + version + "616100"), ErrorCode::malformed);
  EXPECT_EQ(header_failure("a3" + roots + "80" + version + version), ErrorCode::malformed);
  EXPECT_EQ(header_failure("a0"), ErrorCode::malformed) << "no fields";
  EXPECT_EQ(
      header_failure("a2" + roots + "80" + "6776657273696f6e" + "1c" + std::string(30, '0') + "01"),
      ErrorCode::malformed)
      << "version in sixteen bytes";
  EXPECT_EQ(header_failure("a2" + roots + "80" + version + "00"), ErrorCode::malformed) << "rest";
  EXPECT_EQ(header_failure("bf" + roots + "80" + version + "ff"), ErrorCode::malformed)
      << "indefinite";
  EXPECT_EQ(header_failure("bb1000000000000000"), ErrorCode::malformed) << "2^60 fields";
  EXPECT_EQ(header_failure("a2" + roots + "9b1000000000000000"), ErrorCode::malformed)
      << "2^60 roots";
  EXPECT_EQ(header_failure("a27b1000000000000000"), ErrorCode::malformed) << "key of 2^60 bytes";
  EXPECT_EQ(header_failure("a2" + roots + "9800" + version), ErrorCode::malformed)
      << "0 in two bytes";
  EXPECT_EQ(header_failure("a2" + roots + "8100" + version), ErrorCode::malformed) << "no link";
  EXPECT_EQ(header_failure("a2" + roots + "81d82b450001550000" + version), ErrorCode::malformed)
      << "tag 43";
  EXPECT_EQ(header_failure("a2" + roots + "81d82a450101550000" + version), ErrorCode::malformed)
      << "link of another base";
  EXPECT_NO_THROW(
      decode_car_header(from_hex("a2" + roots + "81" + kLinkOfEmptyIdentity + version)));
}

TEST(CarHeader, J6_is_at_most_64_kibibytes) {
  EXPECT_EQ(code_thrown_by([] { decode_car_header(Bytes(kMaxCarHeaderBytes + 1)); }),
            ErrorCode::limit);
  EXPECT_EQ(code_thrown_by([] { decode_car_header(Bytes(kMaxCarHeaderBytes)); }),
            ErrorCode::malformed);
  // A length of 64 KiB + 1 is refused before any of it came.
  EXPECT_EQ(failure(from_hex("818004")), ErrorCode::limit);
}

}  // namespace
}  // namespace shoal
