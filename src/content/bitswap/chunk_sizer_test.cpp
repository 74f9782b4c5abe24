#include "content/bitswap/chunk_sizer.h"

#include <gtest/gtest.h>

namespace shoal::content::bitswap {
namespace {

/// Moves as much as proves that the peer is quick.
void prove(ChunkSizer& sizer) {
  for (std::size_t moved = 0; moved < ChunkSizer::kProofBytes; moved += sizer.bytes()) {
    EXPECT_FALSE(sizer.is_quick());
    sizer.moved(ChunkSizer::kSlowBytes, 1ms);
  }
  EXPECT_TRUE(sizer.is_quick());
  EXPECT_EQ(sizer.bytes(), ChunkSizer::kQuickBytes);
}

TEST(ChunkSizer, grows_once_enough_has_passed_without_blocking) {
  ChunkSizer sizer;
  EXPECT_EQ(sizer.bytes(), ChunkSizer::kSlowBytes);
  prove(sizer);
  sizer.moved(ChunkSizer::kQuickBytes, ChunkSizer::kBlocked + 1ms);
  EXPECT_EQ(sizer.bytes(), ChunkSizer::kSlowBytes);
}

TEST(ChunkSizer, grows_once_more_while_chunks_take_little_time) {
  ChunkSizer sizer;
  prove(sizer);
  sizer.moved(ChunkSizer::kQuickBytes, ChunkSizer::kFast + 1ms);
  EXPECT_EQ(sizer.bytes(), ChunkSizer::kQuickBytes);
  sizer.moved(ChunkSizer::kQuickBytes, ChunkSizer::kFast);
  EXPECT_EQ(sizer.bytes(), ChunkSizer::kFastBytes);
  // The end of a message says nothing.
  sizer.moved(100, 200ms);
  EXPECT_EQ(sizer.bytes(), ChunkSizer::kFastBytes);
  sizer.moved(ChunkSizer::kFastBytes, 4 * ChunkSizer::kFast);
  EXPECT_EQ(sizer.bytes(), ChunkSizer::kFastBytes);
  sizer.moved(ChunkSizer::kFastBytes, 4 * ChunkSizer::kFast + 1ms);
  EXPECT_EQ(sizer.bytes(), ChunkSizer::kQuickBytes);
}

TEST(ChunkSizer, begins_anew_after_a_failure) {
  ChunkSizer sizer;
  prove(sizer);
  sizer.moved(ChunkSizer::kQuickBytes, 1ms);
  sizer.failed();
  EXPECT_EQ(sizer.bytes(), ChunkSizer::kSlowBytes);
  prove(sizer);
}

}  // namespace
}  // namespace shoal::content::bitswap
