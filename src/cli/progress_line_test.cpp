#include "cli/progress_line.h"

#include <gtest/gtest.h>

#include "base/display_text.h"

namespace shoal::cli {
namespace {

Progress half_of(std::string name) {
  return {.name = std::move(name),
          .bytes_done = 5'000'000'000,
          .bytes_total = 10'000'000'000,
          .rate = 118'000'000,
          .rest = 42s,
          .peers = 3,
          .what = {},
          .waiting = {}};
}

TEST(ProgressLine, tells_everything_in_80_columns) {
  EXPECT_EQ(render(half_of("data.bin"), 79),
            "data.bin  [######-------]   50 %  5.0 GB of 10 GB  118 MB/s  42 s left  3 peers");
}

TEST(ProgressLine, fits_every_width) {
  for (const auto* name :
       {"", "x", "data.bin", "写真写真写真写真写真写真写真写真写真写真写真.jpg", "a\x1b[2J\n\r",
        "Übergrößenträger-Übergrößenträger-Übergrößenträger", "\xff\xfe"}) {
    for (std::size_t width = 20; width <= 200; ++width) {
      Progress progress = half_of(name);
      const std::string moving = render(progress, width);
      EXPECT_LE(columns(moving), width) << moving;
      EXPECT_EQ(for_terminal(moving), moving);
      progress.waiting = "waiting for blocks from 12D3KooWabcdef";
      const std::string waiting = render(progress, width);
      EXPECT_LE(columns(waiting), width) << waiting;
      progress.bytes_total = 0;
      EXPECT_LE(columns(render(progress, width)), width);
    }
  }
}

TEST(ProgressLine, fits_even_where_there_is_no_room) {
  for (std::size_t width = 0; width < 20; ++width) {
    EXPECT_LE(columns(render(half_of("data.bin"), width)), width);
  }
}

TEST(ProgressLine, keeps_percent_and_rate_longest) {
  const std::string line = render(half_of("data.bin"), 28);
  EXPECT_NE(line.find("50 %"), std::string::npos) << line;
  EXPECT_NE(line.find("118 MB/s"), std::string::npos) << line;
  EXPECT_EQ(line.find("peers"), std::string::npos) << line;
}

TEST(ProgressLine, names_the_wait_instead_of_a_rate) {
  Progress progress = half_of("data.bin");
  progress.waiting = "connecting to 12D3KooWabcdef";
  const std::string line = render(progress, 80);
  EXPECT_NE(line.find("connecting to 12D3KooWabcdef"), std::string::npos) << line;
  EXPECT_EQ(line.find("MB/s"), std::string::npos) << line;
}

TEST(ProgressLine, says_100_percent_only_when_complete) {
  Progress progress = half_of("x");
  progress.bytes_done = progress.bytes_total - 1;
  EXPECT_NE(render(progress, 80).find(" 99 %"), std::string::npos);
  progress.bytes_done = progress.bytes_total;
  EXPECT_NE(render(progress, 80).find("100 %"), std::string::npos);
}

TEST(ProgressLine, survives_more_than_everything) {
  Progress progress = half_of("x");
  progress.bytes_done = UINT64_MAX;
  progress.bytes_total = 1;
  EXPECT_NE(render(progress, 80).find("100 %"), std::string::npos);
}

TEST(ProgressLine, says_no_bytes_while_it_waits_and_none_are_known) {
  Progress progress;
  progress.name = "data.bin";
  progress.waiting = "looking for peers";
  EXPECT_EQ(render(progress, 79), "data.bin  looking for peers");
  progress.bytes_done = 1;
  EXPECT_EQ(render(progress, 79), "data.bin  1 B  looking for peers");
}

}  // namespace
}  // namespace shoal::cli
