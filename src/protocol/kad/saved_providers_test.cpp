#include "protocol/kad/saved_providers.h"

#include <gtest/gtest.h>

#include "protocol/kad/kad_testing.h"

namespace shoal::kad {
namespace {

using testing::content_of;
using testing::peer_of;
using testing::public_address;
using testing::public_ip;

constexpr WallTime kWall{std::chrono::hours(480'000)};

ProviderStore::Saved saved_provider(std::uint32_t number, std::size_t contents) {
  ProviderStore::Saved out{.provider = peer_of(number),
                           .from = IpGroup::of(public_ip(number)),
                           .addresses = {public_address(number)},
                           .address_age = 60s,
                           .contents = {}};
  for (std::size_t i = 0; i < contents; ++i) out.contents.push_back({Key::of(content_of(i)), 90s});
  return out;
}

std::vector<ProviderStore::Saved> frames_of(ByteView bytes) {
  std::vector<ProviderStore::Saved> out;
  while (const auto frame = take_frame(bytes)) out.push_back(frame->saved);
  return out;
}

TEST(KadSavedProviders, reads_what_it_wrote) {
  Bytes bytes;
  append_frames(bytes, saved_provider(1, 3), kWall);
  append_frames(bytes, saved_provider(2, 1), kWall);
  EXPECT_EQ(frames_of(bytes), (std::vector{saved_provider(1, 3), saved_provider(2, 1)}));
}

TEST(KadSavedProviders, keeps_the_time_at_which_it_was_written) {
  for (const WallTime written : {kWall, WallTime(std::chrono::years(200))}) {
    Bytes bytes;
    append_frames(bytes, saved_provider(1, 1), written);
    ByteView rest = bytes;
    EXPECT_EQ(take_frame(rest)->written_at, written);
  }
}

TEST(KadSavedProviders, splits_a_large_provider_into_frames) {
  Bytes bytes;
  append_frames(bytes, saved_provider(1, kMaxContentsPerFrame + 1), kWall);
  const auto frames = frames_of(bytes);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].contents.size(), kMaxContentsPerFrame);
  EXPECT_EQ(frames[1].contents.size(), 1u);
  EXPECT_LT(bytes.size(), kMaxFrameBytes);
}

TEST(KadSavedProviders, skips_a_damaged_frame) {
  Bytes bytes;
  append_frames(bytes, saved_provider(1, 1), kWall);
  const std::size_t second = bytes.size();
  append_frames(bytes, saved_provider(2, 1), kWall);
  append_frames(bytes, saved_provider(3, 1), kWall);
  bytes[second + 3] ^= 0xff;  // within the provider's id
  EXPECT_EQ(frames_of(bytes), (std::vector{saved_provider(1, 1), saved_provider(3, 1)}));
}

TEST(KadSavedProviders, stops_where_a_frame_is_cut_off_or_too_long) {
  Bytes bytes;
  append_frames(bytes, saved_provider(1, 1), kWall);
  const std::size_t first = bytes.size();
  append_frames(bytes, saved_provider(2, 1), kWall);
  for (std::size_t size = first; size < bytes.size(); ++size) {
    EXPECT_EQ(frames_of(ByteView(bytes).first(size)).size(), 1u);
  }
  bytes.resize(first);
  append(bytes, from_hex("ffffffffffffffff7f00"));
  EXPECT_EQ(frames_of(bytes).size(), 1u);
}

TEST(KadSavedProviders, restores_a_store_with_the_time_away_counted) {
  const TimePoint now{100h};
  Bytes bytes;
  append_frames(bytes, saved_provider(1, 2), kWall);
  ProviderStore store;
  EXPECT_EQ(restore(store, bytes, now, kWall + 47h), 1u);
  EXPECT_EQ(store.record_count(), 2u);
  ProviderStore late;
  restore(late, bytes, now, kWall + 48h);
  EXPECT_EQ(late.record_count(), 0u);
}

// F7, E9
TEST(KadSavedProviders, takes_any_age_and_any_clock) {
  ProviderStore::Saved ancient = saved_provider(1, 1);
  ancient.contents[0].age = Duration::max();
  ancient.address_age = Duration::max();
  Bytes bytes;
  append_frames(bytes, ancient, WallTime::max());
  append_frames(bytes, saved_provider(2, 1), WallTime::max());
  ProviderStore store;
  EXPECT_EQ(restore(store, bytes, TimePoint{}, WallTime{}), 2u);
  EXPECT_EQ(store.record_count(), 1u);
}

}  // namespace
}  // namespace shoal::kad
