#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "net/security/secured.h"
#include "net/swarm_testing.h"
#include "system/sim/test_hosts.h"
#include "system/task_group.h"

namespace shoal::net::testing {

inline PeerId id_of(const crypto::PrivateKey& key) {
  return PeerId::from_public_key(key.public_key());
}

/// A stream around another that passes everything on.
class PassingStream : public Stream {
 public:
  explicit PassingStream(std::unique_ptr<Stream> under) : under_(std::move(under)) {}
  Task<std::size_t> read_some(MutableBytes into) override { return under_->read_some(into); }
  Task<void> write(std::span<const ByteView> pieces) override { return under_->write(pieces); }
  Task<void> close_write() override { return under_->close_write(); }
  void abort() noexcept override { under_->abort(); }

 protected:
  std::unique_ptr<Stream> under_;
};

/// Changes one byte of what it reads, at a place in the stream.
class Corrupting final : public PassingStream {
 public:
  Corrupting(std::unique_ptr<Stream> under, std::size_t place)
      : PassingStream(std::move(under)), left_(place) {}
  Task<std::size_t> read_some(MutableBytes into) override {
    const std::size_t got = co_await under_->read_some(into);
    if (left_ < got) into[left_] ^= 1;
    left_ = left_ < got ? SIZE_MAX : left_ - got;
    co_return got;
  }

 private:
  std::size_t left_;
};

/// Ends after so many bytes.
class Ending final : public PassingStream {
 public:
  Ending(std::unique_ptr<Stream> under, std::size_t bytes)
      : PassingStream(std::move(under)), left_(bytes) {}
  Task<std::size_t> read_some(MutableBytes into) override {
    if (left_ == 0) co_return 0;
    const std::size_t got = co_await under_->read_some(into.first(std::min(into.size(), left_)));
    left_ -= got;
    co_return got;
  }

 private:
  std::size_t left_;
};

inline Task<void> keep_secured(Task<Secured> task, std::optional<Secured>& into,
                               std::optional<Error>& failure) {
  try {
    into = co_await std::move(task);
  } catch (const Error& error) {
    failure = error;
  }
}

inline Task<void> send_all(Stream& stream, Bytes bytes) {
  co_await write_all(stream, bytes);
  co_await stream.close_write();
}

/// Two hosts, 50 ms from each other, with a bare stream between them.
class SecurityTest : public ::testing::Test {
 protected:
  SecurityTest()
      : world({.path = {.latency = 50ms}}),
        one(world.add_host()),
        other(world.add_host()),
        client_key(key_of(1)),
        server_key(key_of(2)) {
    auto pair = sim::connect_pair(world, one, other);
    client_stream = std::move(pair.client);
    server_stream = std::move(pair.server);
  }

  void run_both(Task<Secured> of_client, Task<Secured> of_server) {
    TaskGroup work(world.waits(), "handshakes");
    work.spawn(keep_secured(std::move(of_client), client, client_failure));
    work.spawn(keep_secured(std::move(of_server), server, server_failure));
    world.run(work.join());
  }

  /// What the server reads, in pieces of many sizes, while the client sends.
  Bytes carry(const Bytes& sent) {
    TaskGroup work(world.waits(), "sender");
    work.spawn(send_all(*client->stream, sent));
    Bytes got;
    for (std::size_t size = 1;; size = size * 7 % 100'003) {
      Bytes piece(size);
      const std::size_t count = world.run(server->stream->read_some(piece));
      if (count == 0) break;
      append(got, ByteView(piece).first(count));
    }
    world.run(work.join());
    return got;
  }

  sim::World world;
  sim::Host& one;
  sim::Host& other;
  const crypto::PrivateKey client_key;
  const crypto::PrivateKey server_key;
  std::unique_ptr<Stream> client_stream;
  std::unique_ptr<Stream> server_stream;
  std::optional<Secured> client;
  std::optional<Secured> server;
  std::optional<Error> client_failure;
  std::optional<Error> server_failure;
};

}  // namespace shoal::net::testing
