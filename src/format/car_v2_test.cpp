#include "format/car_v2.h"

#include <gtest/gtest.h>

#include "format/ipld_testing.h"

namespace shoal {
namespace {

using testing::code_thrown_by;
using testing::read_testdata;

void append_64(Bytes& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

Bytes wrapped(ByteView inside, std::uint64_t offset, std::uint64_t size) {
  Bytes file = from_hex("0aa16776657273696f6e02");
  file.resize(27);
  append_64(file, offset);
  append_64(file, size);
  append_64(file, 0);
  if (offset > 51 && offset < 1000) file.resize(static_cast<std::size_t>(offset));
  append(file, inside);
  return file;
}

Bytes unwrap(ByteView file, std::size_t piece) {
  CarUnwrapper unwrapper;
  Bytes out;
  for (; !file.empty(); file = file.subspan(std::min(piece, file.size()))) {
    append(out, unwrapper.unwrap(file.first(std::min(piece, file.size()))));
  }
  unwrapper.finish();
  return out;
}

TEST(CarV2, finds_the_car_inside_whatever_the_pieces) {
  const Bytes inside = read_testdata("tree_v1.car");
  for (const std::uint64_t offset : {51, 52, 300}) {
    Bytes file = wrapped(inside, offset, inside.size());
    append(file, as_bytes("an index"));
    for (const std::size_t piece : {1, 11, 51, 10'000}) {
      EXPECT_TRUE(equal(unwrap(file, piece), inside)) << offset << " by " << piece;
    }
  }
}

TEST(CarV2, lets_version_1_pass) {
  const Bytes file = read_testdata("tree_v1.car");
  for (const std::size_t piece : {1, 10'000}) EXPECT_TRUE(equal(unwrap(file, piece), file));
}

TEST(CarV2, J6_rejects_hostile_headers) {
  const auto failure = [](const Bytes& file) { return code_thrown_by([&] { unwrap(file, 7); }); };
  EXPECT_EQ(failure(wrapped({}, 50, 0)), ErrorCode::malformed) << "inside its own header";
  EXPECT_EQ(failure(wrapped({}, UINT64_MAX, 0)), ErrorCode::malformed);
  EXPECT_EQ(failure(wrapped({}, 51, UINT64_MAX)), ErrorCode::malformed);
  EXPECT_EQ(failure(wrapped(as_bytes("x"), 51, 2)), ErrorCode::malformed) << "ends early";
  EXPECT_EQ(failure(wrapped({}, std::uint64_t{1} << 40, 1)), ErrorCode::malformed);
  EXPECT_EQ(failure(from_hex("0aa167")), ErrorCode::malformed) << "ends in the pragma";
  // Nothing more has to come, for ever perhaps, before these are refused.
  for (const auto& [offset, size] :
       {std::pair<std::uint64_t, std::uint64_t>{50, 0}, {UINT64_MAX, 0}, {51, UINT64_MAX}}) {
    CarUnwrapper unwrapper;
    EXPECT_EQ(code_thrown_by([&] { unwrapper.unwrap(wrapped({}, offset, size)); }),
              ErrorCode::malformed);
  }
}

}  // namespace
}  // namespace shoal
