#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "content/bitswap/test_nodes.h"
#include "system/sim/world.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::content::bitswap {

inline Bytes content_of(int number, std::size_t bytes) {
  Bytes out(bytes);
  std::uint32_t state = static_cast<std::uint32_t>(number) * 2654435761u + 1;
  for (std::uint8_t& byte : out) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return out;
}

struct Bitswaps : testing::Test {
  ~Bitswaps() override {
    session.reset();
    for (TestNode& node : nodes) {
      world.run(node.stop());
    }
  }

  TestNode& add(std::vector<std::string> speaks = protocols(),
                std::uint64_t up_bytes_per_second = 0) {
    sim::Host& host = world.add_host();
    const auto number = static_cast<std::uint8_t>(nodes.size() + 1);
    return nodes.emplace_back(host.system(), host.address(), number, std::move(speaks),
                              up_bytes_per_second);
  }
  /// A session of `node` with all others.
  void begin(TestNode& node, const std::vector<TestNode*>& sources) {
    node.node->when_bad_peer([this](const BadPeer& bad) { bad_peers.push_back(bad); });
    session = node.node->session();
    for (TestNode* source : sources) {
      node.knows(*source);
      session->add_peer(source->id());
    }
  }

  Task<void> fetch_one(Cid cid) {
    try {
      Block block = co_await session->fetch(cid);
      EXPECT_TRUE(cid.hash().matches(block.bytes.view()));
      ++fetched;
    } catch (const Error& error) {
      failures.push_back(error.code());
      messages.push_back(error.what());
    }
  }
  Task<void> fetch_all(System& system, std::vector<Cid> cids, Duration limit) {
    TaskGroup tasks(system.waits, "fetches");
    for (const Cid& cid : cids) tasks.spawn(fetch_one(cid));
    try {
      co_await within(system.clock, limit, tasks.join(), "fetching");
    } catch (const Error& error) {
      ADD_FAILURE() << error.what() << " after " << fetched << " blocks";
    }
    co_await tasks.stop();
  }
  void fetch(TestNode& node, std::vector<Cid> cids, Duration limit = 60s) {
    const TimePoint began = world.now();
    world.run(fetch_all(node.system, std::move(cids), limit));
    took = world.now() - began;
  }

  sim::World world;
  std::deque<TestNode> nodes;
  std::unique_ptr<Session> session;
  std::vector<BadPeer> bad_peers;
  std::vector<ErrorCode> failures;
  std::vector<std::string> messages;
  std::size_t fetched = 0;
  Duration took{};
};

inline std::vector<Cid> fill(TestNode& node, int count, std::size_t bytes, int first = 0) {
  std::vector<Cid> out;
  for (int i = first; i < first + count; ++i) out.push_back(node.blocks.add(content_of(i, bytes)));
  return out;
}

/// A peer that writes what it likes.
inline Task<void> write_raw(TestNode& from, PeerId to, Bytes bytes,
                            std::string protocol = kProtocol_1_2) {
  net::ProtocolStream stream = co_await from.swarm.open(to, {protocol});
  std::uint8_t end = 0;
  try {
    co_await write_all(*stream.stream, bytes);
    co_await stream.stream->close_write();
    co_await stream.stream->read_some(MutableBytes(&end, 1));
  } catch (const Error&) {
    co_return;
  }
}

inline Bytes framed(const Message& message) {
  const EncodedMessage encoded = encode_message(message, Version::v1_2);
  Bytes out;
  for (const ByteView piece : encoded.pieces()) append(out, piece);
  return out;
}

}  // namespace shoal::content::bitswap
