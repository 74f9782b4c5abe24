#include "protocol/tunnel/flow.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/error.h"

namespace shoal::tunnel {
namespace {

Bytes data_frame(std::size_t bytes) {
  Bytes out = {0, static_cast<std::uint8_t>(bytes >> 16), static_cast<std::uint8_t>(bytes >> 8),
               static_cast<std::uint8_t>(bytes)};
  out.resize(kHeaderBytes + bytes, 'x');
  return out;
}

void receive(Flow& flow, const Bytes& bytes) {
  flow.receive(bytes, [](ByteView) {});
}

bool refuses(Flow& flow, const Bytes& bytes) {
  try {
    receive(flow, bytes);
  } catch (const Error& error) {
    return error.code() == ErrorCode::malformed;
  }
  return false;
}

/// Takes all that is unread, as a local side that keeps up.
std::size_t drain(Flow& flow) {
  const std::size_t taken = flow.unread();
  flow.consumed(taken);
  return taken;
}

TEST(TunnelFlow, sends_the_initial_window_then_waits_for_credit) {
  WindowPool pool;
  Flow flow(pool);
  EXPECT_EQ(flow.sendable(), kInitialWindow);
  flow.begin_data(kInitialWindow);
  EXPECT_EQ(flow.sendable(), 0U);
  receive(flow, Bytes{1, 0, 0, 5});
  EXPECT_EQ(flow.sendable(), 5U);
  flow.finish();
  EXPECT_EQ(flow.sendable(), 0U);
}

TEST(TunnelFlow, takes_its_window_and_not_a_byte_more) {
  WindowPool pool;
  Flow flow(pool);
  EXPECT_FALSE(refuses(flow, data_frame(kInitialWindow)));
  EXPECT_EQ(flow.unread(), kInitialWindow);
  EXPECT_TRUE(refuses(flow, data_frame(1)));
}

TEST(TunnelFlow, reads_frames_however_they_are_cut) {
  WindowPool pool;
  Flow flow(pool);
  Bytes all = data_frame(300);
  append(all, data_frame(2));
  append(all, Bytes{2, 0, 0, 0});
  for (const std::uint8_t byte : all) receive(flow, Bytes{byte});
  EXPECT_EQ(flow.unread(), 302U);
  EXPECT_TRUE(flow.peer_finished());
  EXPECT_TRUE(flow.between_frames());
}

TEST(TunnelFlow, refuses_what_is_no_frame) {
  for (const Bytes& bad :
       {Bytes{3, 0, 0, 0}, Bytes{0, 0, 0, 0}, Bytes{1, 0, 0, 0}, Bytes{2, 0, 0, 1},
        Bytes{0, 2, 0, 1}, Bytes{2, 0, 0, 0, 0, 0, 0, 1}, Bytes{2, 0, 0, 0, 2, 0, 0, 0},
        Bytes{1, 0xff, 0xff, 0xff, 1, 0xff, 0xff, 0xff}}) {
    WindowPool pool;
    Flow flow(pool);
    EXPECT_TRUE(refuses(flow, bad)) << to_hex(bad);
  }
}

TEST(TunnelFlow, raises_the_window_at_once_and_while_the_reader_keeps_up) {
  WindowPool pool;
  Flow flow(pool);
  EXPECT_EQ(flow.owed_credit(), kFirstWindow - kInitialWindow);
  flow.give_credit();
  std::size_t grown = 0;
  for (int i = 0; i < 1000; ++i) {
    receive(flow, data_frame(16 * 1024));
    drain(flow);
    if (const std::size_t owed = flow.owed_credit()) {
      flow.give_credit();
      grown = std::max(grown, owed);
    }
  }
  EXPECT_GT(grown, 1024 * 1024U);
  EXPECT_LE(pool.used(), kMaxWindow);
}

TEST(TunnelFlow, gives_no_credit_for_what_nobody_took) {
  WindowPool pool;
  Flow flow(pool);
  flow.give_credit();
  receive(flow, data_frame(100'000));
  receive(flow, data_frame(100'000));
  EXPECT_EQ(flow.owed_credit(), 0U);
  drain(flow);
  EXPECT_EQ(flow.owed_credit(), 200'000U);
}

TEST(TunnelFlow, a_thousand_windows_fit_into_the_pool) {
  WindowPool pool;
  std::vector<std::unique_ptr<Flow>> flows;
  std::size_t promised = 0;
  for (int i = 0; i < 1024; ++i) {
    flows.push_back(std::make_unique<Flow>(pool));
    promised += kInitialWindow + flows.back()->owed_credit();
  }
  EXPECT_LE(promised, WindowPool::kBytes + 1024 * kInitialWindow);
  EXPECT_LE(pool.used(), WindowPool::kBytes);
  flows.clear();
  EXPECT_EQ(pool.used(), 0U);
}

TEST(TunnelFlow, a_large_window_shrinks_while_others_need_some) {
  WindowPool pool;
  Flow first(pool);
  first.give_credit();
  const auto move = [](Flow& flow) {
    receive(flow, data_frame(16 * 1024));
    drain(flow);
    if (flow.owed_credit() > 0) flow.give_credit();
  };
  for (int i = 0; i < 2000; ++i) move(first);
  const std::size_t before = pool.used();
  EXPECT_GT(before, 4 * 1024 * 1024U);
  std::vector<std::unique_ptr<Flow>> others;
  for (int i = 0; i < 100; ++i) others.push_back(std::make_unique<Flow>(pool));
  for (int i = 0; i < 200; ++i) move(first);
  others.clear();
  // Until the pool is no longer tight.
  EXPECT_LT(pool.used(), before - 2 * 1024 * 1024);
}

}  // namespace
}  // namespace shoal::tunnel
