#include "system/os/network.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <numeric>

#include "system/os/socket_error.h"
#include "system/os/test_world.h"
#include "system/timeout.h"
#include "system/undelivered.h"

namespace shoal::os {
namespace {

constexpr Endpoint kAnyPort{.address = IpAddress(), .port = 0};

Endpoint loopback(std::uint16_t port = 0) {
  return {.address = IpAddress::loopback_v4(), .port = port};
}

struct Pair {
  std::unique_ptr<HostStream> client;
  std::unique_ptr<HostStream> server;
};

Task<Pair> connected(System& system) {
  const auto listener = system.network.listen(loopback());
  Pair pair;
  pair.client = co_await system.network.connect(listener->local());
  pair.server = co_await listener->accept();
  co_return pair;
}

Task<Bytes> read_to_end(Stream& stream, std::size_t chunk) {
  Bytes all;
  Bytes buffer(chunk);
  for (;;) {
    const std::size_t got = co_await stream.read_some(buffer);
    if (got == 0) co_return all;
    append(all, ByteView(buffer).first(got));
  }
}

Task<std::size_t> read_one(Stream& stream) {
  std::array<std::uint8_t, 1> byte;
  co_return co_await stream.read_some(byte);
}

Task<void> write_pieces(Stream& stream, const Bytes& all, std::size_t piece) {
  std::vector<ByteView> pieces = {ByteView()};
  for (std::size_t at = 0; at < all.size(); at += piece) {
    pieces.push_back(ByteView(all).subspan(at, std::min(piece, all.size() - at)));
    pieces.emplace_back();
  }
  co_await stream.write(pieces);
  co_await stream.close_write();
}

Task<void> write_for_ever(Stream& stream) {
  const Bytes block(1 << 20);
  for (;;) co_await write_all(stream, block);
}

Task<void> waits_for_something_to_read(System& system) {
  const Pair pair = co_await connected(system);
  std::array<std::uint8_t, 8> into{};
  for (int i = 0; i < 3; ++i) {
    co_await write_all(*pair.server, as_bytes("abc"));
    co_await pair.client->wait_readable();
    EXPECT_EQ(co_await pair.client->read_some(into), 3u);
  }
  std::string failure;
  try {
    co_await within(system.clock, 20ms, pair.client->wait_readable(), "for bytes");
  } catch (const Error& error) {
    failure = error.what();
  }
  EXPECT_NE(failure, "");
}
TEST(HostNetwork, waits_for_something_to_read_without_a_buffer) {
  in_world(waits_for_something_to_read);
}

Task<void> knows_both_ends(System& system) {
  const Pair pair = co_await connected(system);
  EXPECT_EQ(pair.client->local(), pair.server->remote());
  EXPECT_EQ(pair.client->remote(), pair.server->local());
}
TEST(HostNetwork, knows_both_ends) {
  in_world(knows_both_ends);
}

Task<void> carries_gathered_writes(System& system) {
  const Pair pair = co_await connected(system);
  Bytes sent(8 << 20);
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<std::uint8_t>(i * 31 >> 7);
  TaskGroup group(system.waits, "test");
  group.spawn(write_pieces(*pair.client, sent, 9'973));
  const Bytes received = co_await read_to_end(*pair.server, 100'000);
  EXPECT_TRUE(equal(received, sent));
  co_await group.stop();
}
TEST(HostNetwork, carries_many_pieces_in_order_through_partial_writes) {
  in_world(carries_gathered_writes);
}

/// Those of this process that a program would get that it starts.
std::size_t inherited_sockets() {
  std::size_t out = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    struct stat about{};
    const bool is_socket = ::fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode);
    if (is_socket && (::fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0) ++out;
  }
  return out;
}

Task<void> keeps_its_sockets(System& system) {
  const std::size_t before = inherited_sockets();
  const auto listener = system.network.listen(loopback());
  const auto socket = system.network.bind(loopback());
  const Pair pair = co_await connected(system);
  EXPECT_EQ(inherited_sockets(), before);
}
TEST(HostNetwork, leaves_no_socket_to_the_programs_that_somebody_starts) {
  in_world(keeps_its_sockets);
}

Task<void> half_closes(System& system) {
  const Pair pair = co_await connected(system);
  co_await pair.client->close_write();
  EXPECT_EQ(co_await read_one(*pair.server), 0u);
  co_await write_all(*pair.server, as_bytes("answer"));
  co_await pair.server->close_write();
  const Bytes answer = co_await read_to_end(*pair.client, 64);
  EXPECT_EQ(as_text(answer), "answer");
}
TEST(HostNetwork, half_close_leaves_the_other_way_open) {
  in_world(half_closes);
}

Task<void> abort_ends_reads(System& system) {
  const Pair pair = co_await connected(system);
  std::string here;
  std::string there;
  TaskGroup group(system.waits, "test");
  group.spawn(note_end(read_one(*pair.client), here));
  group.spawn(note_end(read_one(*pair.server), there));
  co_await turns(system);
  pair.client->abort();
  co_await group.join();
  EXPECT_EQ(here, "closed");
  EXPECT_EQ(there, "closed");
  EXPECT_THROW(co_await pair.client->close_write(), Error);
}
TEST(HostNetwork, abort_ends_pending_reads_here_and_there) {
  in_world(abort_ends_reads);
}

Task<void> destructor_aborts(System& system) {
  Pair pair = co_await connected(system);
  std::string here;
  std::string there;
  TaskGroup group(system.waits, "test");
  group.spawn(note_end(write_for_ever(*pair.client), here));
  co_await turns(system);
  group.spawn(note_end(read_one(*pair.client), there));
  co_await turns(system);
  pair.client.reset();
  co_await group.join();
  EXPECT_EQ(here, "closed");
  EXPECT_EQ(there, "closed");
}
TEST(HostNetwork, a_stream_may_go_while_calls_are_pending) {
  in_world(destructor_aborts);
}

Task<void> cancels_each(System& system) {
  const auto listener = system.network.listen(loopback());
  const auto socket = system.network.bind(loopback());
  const Pair pair = co_await connected(system);
  Bytes room(16);
  EXPECT_EQ(co_await end_when_cancelled(system, listener->accept()), "cancelled");
  EXPECT_EQ(co_await end_when_cancelled(system, socket->receive(room)), "cancelled");
  EXPECT_EQ(co_await end_when_cancelled(system, read_one(*pair.client)), "cancelled");
  EXPECT_EQ(co_await end_when_cancelled(system, write_for_ever(*pair.client)), "cancelled");
  EXPECT_EQ(co_await end_when_cancelled(system, system.clock.sleep_for(1h)), "cancelled");
}
TEST(HostNetwork, every_pending_call_can_be_cancelled) {
  in_world(cancels_each);
}

Task<void> refused(System& system) {
  Endpoint nobody;
  {
    const auto listener = system.network.listen(loopback());
    nobody = listener->local();
  }
  try {
    co_await system.network.connect(nobody);
    ADD_FAILURE() << "connected to nobody";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unreachable);
    EXPECT_EQ(error.message(), "connection refused");
    EXPECT_EQ(error.subject(), nobody.to_string());
  }
}
TEST(HostNetwork, says_when_a_connection_is_refused) {
  in_world(refused);
}

Task<void> taken(System& system) {
  const auto listener = system.network.listen(loopback());
  const auto socket = system.network.bind(loopback());
  const auto code_of = [](auto call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::usage;
  };
  EXPECT_EQ(code_of([&] { system.network.listen(listener->local()); }), ErrorCode::failed);
  EXPECT_EQ(code_of([&] { system.network.bind(socket->local()); }), ErrorCode::failed);
  const Endpoint foreign{.address = IpAddress::v4({192, 0, 2, 1}), .port = 0};
  EXPECT_EQ(code_of([&] { system.network.listen(foreign); }), ErrorCode::failed);
  co_return;
}
TEST(HostNetwork, refuses_addresses_that_are_taken_or_not_ours) {
  in_world(taken);
}

Task<void> many(System& system) {
  constexpr std::size_t kMany = 1000;
  const auto listener = system.network.listen(loopback());
  std::vector<Pair> pairs(kMany);
  for (auto& pair : pairs) {
    pair.client = co_await system.network.connect(listener->local());
    pair.server = co_await listener->accept();
  }
  for (auto& pair : pairs) co_await write_all(*pair.client, as_bytes("x"));
  for (auto& pair : pairs) EXPECT_EQ(co_await read_one(*pair.server), 1u);
}
TEST(HostNetwork, holds_a_thousand_connections) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < 4096) GTEST_SKIP() << "too few descriptors allowed here";
  limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, 4096);
  setrlimit(RLIMIT_NOFILE, &limit);
  in_world(many);
}

Task<void> dual_stack(System& system) {
  const Endpoint any{.address = IpAddress::any_v6(), .port = 0};
  const auto listener = system.network.listen(any, {.dual_stack = true});
  const auto client = co_await system.network.connect(loopback(listener->local().port));
  const auto server = co_await listener->accept();
  EXPECT_FALSE(server->remote().address.is_v6());
}
TEST(HostNetwork, a_dual_stack_listener_takes_ipv4_and_names_it_so) {
  in_world(dual_stack);
}

Task<void> single_stack(System& system) {
  const Endpoint any{.address = IpAddress::any_v6(), .port = 0};
  const auto six = system.network.listen(any);
  const auto four = system.network.listen({.address = IpAddress(), .port = six->local().port});
  EXPECT_EQ(four->local().port, six->local().port);
  co_return;
}
TEST(HostNetwork, ipv6_alone_leaves_the_port_of_ipv4_free) {
  in_world(single_stack);
}

Task<void> datagrams(System& system) {
  const auto a = system.network.bind(loopback());
  const auto b = system.network.bind(loopback());
  a->send(b->local(), as_bytes("hello"));
  a->send(b->local(), {});
  Bytes room(3);
  const auto first = co_await b->receive(room);
  EXPECT_EQ(first.bytes, 3u);
  EXPECT_EQ(first.from, a->local());
  const auto empty = co_await b->receive(room);
  EXPECT_EQ(empty.bytes, 0u);
}
TEST(HostNetwork, datagrams_keep_their_edges_and_name_their_sender) {
  in_world(datagrams);
}

Task<void> rows_of_datagrams(System& system, IpAddress address) {
  const BindOptions options{.batches = true, .dont_fragment = true};
  const auto a = system.network.bind({address, 0}, options);
  const auto b = system.network.bind({address, 0}, options);
  Bytes row(2500, 7);
  row.back() = 9;
  const DatagramSocket::SendOptions how{.segment_bytes = 1000, .ecn = 2, .from = address};
  EXPECT_EQ(a->send(b->local(), row, how), SendResult::sent);
  Bytes room(5000);
  std::size_t got = 0;
  while (got < row.size()) {
    const auto part = co_await b->receive(MutableBytes(room).subspan(got));
    EXPECT_EQ(part.from, a->local());
    EXPECT_EQ(part.to, address);
    EXPECT_EQ(part.ecn, 2);
    // Together, or one by one where the kernel does not know rows.
    EXPECT_TRUE(part.segment_bytes == 1000 || (part.segment_bytes == 0 && part.bytes <= 1000));
    got += part.bytes;
  }
  room.resize(got);
  EXPECT_EQ(room, row);
  const DatagramSocket::SendOptions alone{.segment_bytes = 1000};
  EXPECT_EQ(a->send(b->local(), as_bytes("short"), alone), SendResult::sent);
  const auto last = co_await b->receive(room);
  EXPECT_EQ(last.bytes, 5u);
  EXPECT_EQ(last.segment_bytes, 0);
  EXPECT_EQ(last.ecn, 0);
  const DatagramSocket::SendOptions many{.segment_bytes = 10};
  EXPECT_EQ(a->send(b->local(), Bytes(10 * DatagramSocket::kMaxSegments + 1), many),
            SendResult::too_large);
}
Task<void> rows_by_v4(System& system) {
  return rows_of_datagrams(system, IpAddress::loopback_v4());
}
Task<void> rows_by_v6(System& system) {
  return rows_of_datagrams(system, *IpAddress::parse("::1"));
}
TEST(HostNetwork, sends_rows_of_datagrams_with_their_marks) {
  in_world(rows_by_v4);
  const auto v6 = IpAddress::parse("::1");
  World world({.offload_threads = 1});
  const auto all = world.system().network.local_addresses();
  if (std::ranges::find(all, *v6) == all.end()) GTEST_SKIP() << "no IPv6 here";
  in_world(rows_by_v6);
}

Task<void> receive_one(DatagramSocket& socket, Bytes& into) {
  const auto got = co_await socket.receive(into);
  into.resize(got.bytes);
}

Task<void> datagrams_to_nobody(System& system) {
  const Endpoint any{IpAddress::loopback_v4(), 0};
  const auto sender = system.network.bind(any);
  const auto other = system.network.bind(any);
  const Endpoint nobody = system.network.bind(any)->local();
  auto* const reports = dynamic_cast<UndeliveredReports*>(sender.get());
  if (reports == nullptr) throw Error(ErrorCode::failed, "no reports");
  std::vector<Endpoint> told;
  reports->report_undelivered([&told](const Endpoint& to) { told.push_back(to); });
  Bytes room(100);
  TaskGroup receiving(system.waits, "receiver");
  receiving.spawn(receive_one(*sender, room));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(sender->send(nobody, as_bytes("is anybody there?")), SendResult::sent);
    // What became of it is no failure of the next one.
    EXPECT_EQ(sender->send(other->local(), as_bytes("hello")), SendResult::sent);
  }
  for (int i = 0; i < 1000 && told.size() < 3; ++i) co_await system.clock.sleep_for(2ms);
  EXPECT_EQ(told, std::vector(3, nobody));
  other->send(sender->local(), as_bytes("hello yourself"));
  co_await receiving.join();
  EXPECT_EQ(as_text(room), "hello yourself");
}
TEST(HostNetwork, tells_where_datagrams_were_not_delivered) {
  in_world(datagrams_to_nobody);
}

TEST(HostNetwork, lists_the_loopback_address_once) {
  World world({.offload_threads = 1});
  const auto all = world.system().network.local_addresses();
  EXPECT_EQ(std::ranges::count(all, IpAddress::loopback_v4()), 1);
}

TEST(SocketError, gives_each_cause_its_code_and_names_the_address) {
  const auto code_of = [](int cause) {
    return socket_error({cause, boost::system::system_category()}, kAnyPort).code();
  };
  EXPECT_EQ(code_of(ECONNREFUSED), ErrorCode::unreachable);
  EXPECT_EQ(code_of(EHOSTUNREACH), ErrorCode::unreachable);
  EXPECT_EQ(code_of(ENETUNREACH), ErrorCode::unreachable);
  EXPECT_EQ(code_of(ETIMEDOUT), ErrorCode::timeout);
  EXPECT_EQ(code_of(EADDRINUSE), ErrorCode::failed);
  EXPECT_EQ(code_of(EADDRNOTAVAIL), ErrorCode::failed);
  EXPECT_EQ(code_of(EMFILE), ErrorCode::limit);
  const Error broken = stream_error({ECONNRESET, boost::system::system_category()}, kAnyPort);
  EXPECT_EQ(broken.code(), ErrorCode::closed);
  EXPECT_EQ(broken.subject(), "0.0.0.0:0");
}

TEST(World, may_end_with_calls_pending) {
  World world({.offload_threads = 1});
  System& system = world.system();
  TaskGroup* left = new TaskGroup(system.waits, "left");
  struct Body {
    static Task<void> wait(System& each) {
      const Pair pair = co_await connected(each);
      co_await within(each.clock, 1h, read_one(*pair.client), "never");
    }
    static Task<void> begin(System& each, TaskGroup& group) {
      group.spawn(wait(each));
      group.spawn(each.clock.sleep_for(1h));
      co_await turns(each);
    }
  };
  world.run(Body::begin(system, *left));
  system.waits.clear();
  delete left;
}

}  // namespace
}  // namespace shoal::os
