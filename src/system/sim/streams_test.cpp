#include <gtest/gtest.h>

#include "base/error.h"
#include "system/sim/test_hosts.h"
#include "system/timeout.h"

namespace shoal::sim {
namespace {

constexpr std::uint16_t kStreamPort = 4001;
constexpr std::uint64_t kMegabyte = 1'000'000;

/// Sends back all that it reads.
Task<void> echo(std::unique_ptr<HostStream> stream) {
  Bytes buffer(4096);
  while (true) {
    const std::size_t got = co_await stream->read_some(buffer);
    if (got == 0) break;
    co_await write_all(*stream, ByteView(buffer).first(got));
  }
  co_await stream->close_write();
}

Task<void> serve_echo(Listener& listener, TaskGroup& tasks) {
  while (true) {
    auto stream = co_await listener.accept();
    tasks.spawn(echo(std::move(stream)));
  }
}

Task<std::string> read_all(Stream& stream) {
  std::string out;
  Bytes buffer(4096);
  while (true) {
    const std::size_t got = co_await stream.read_some(buffer);
    if (got == 0) break;
    out += as_text(ByteView(buffer).first(got));
  }
  co_return out;
}

Task<std::string> ask(System& system, Endpoint server, std::string text) {
  auto stream = co_await system.network.connect(server);
  co_await write_all(*stream, as_bytes(text));
  co_await stream->close_write();
  co_return co_await read_all(*stream);
}

/// How a task ended, by its error.
Task<std::optional<ErrorCode>> outcome(Task<std::size_t> task) {
  try {
    co_await std::move(task);
  } catch (const Error& error) {
    co_return error.code();
  }
  co_return std::nullopt;
}

Task<std::size_t> try_connect(System& system, Endpoint to) {
  const auto stream = co_await system.network.connect(to);
  co_return 1;
}

Task<std::size_t> read_byte(Stream& stream) {
  Bytes one(1);
  co_return co_await stream.read_some(one);
}

Task<std::size_t> write_text(Stream& stream, std::string text) {
  co_await write_all(stream, as_bytes(text));
  co_return text.size();
}

std::uint8_t pattern(std::uint64_t at) {
  return static_cast<std::uint8_t>(at * 2654435761U >> 13);
}

Task<void> send_pattern(Stream& stream, std::uint64_t bytes) {
  Bytes buffer(256 * 1024);
  for (std::uint64_t at = 0; at < bytes;) {
    const std::size_t count = std::min<std::uint64_t>(buffer.size(), bytes - at);
    for (std::size_t i = 0; i < count; ++i) buffer[i] = pattern(at + i);
    co_await write_all(stream, ByteView(buffer).first(count));
    at += count;
  }
  co_await stream.close_write();
}

Task<std::uint64_t> receive_pattern(Stream& stream) {
  Bytes buffer(256 * 1024);
  std::uint64_t at = 0;
  while (true) {
    const std::size_t got = co_await stream.read_some(buffer);
    if (got == 0) co_return at;
    for (std::size_t i = 0; i < got; ++i, ++at) {
      if (buffer[i] != pattern(at)) throw Error(ErrorCode::corrupt, "not what was sent");
    }
  }
}

/// Moves bytes from the client of a new pair to its server; returns how long it took.
Duration transfer(World& world, Host& from, Host& to, std::uint64_t bytes) {
  auto pair = connect_pair(world, from, to);
  TaskGroup tasks(world.waits(), "sender");
  const TimePoint begin = world.now();
  tasks.spawn(send_pattern(*pair.client, bytes));
  EXPECT_EQ(world.run(receive_pattern(*pair.server)), bytes);
  const Duration took = world.now() - begin;
  world.run(tasks.join());
  return took;
}

double bytes_per_second(std::uint64_t bytes, Duration took) {
  return static_cast<double>(bytes) / std::chrono::duration<double>(took).count();
}

TEST(Streams, connect_takes_one_round_trip_and_an_answer_another) {
  World world({.path = {.latency = 30ms}});
  Host& server = world.add_host();
  Host& client = world.add_host();
  auto listener = server.system().network.listen({IpAddress::any_v4(), kStreamPort});
  TaskGroup tasks(world.waits(), "server");
  tasks.spawn(serve_echo(*listener, tasks));
  const TimePoint begin = world.now();
  EXPECT_EQ(world.run(ask(client.system(), {server.address(), kStreamPort}, "hello")), "hello");
  EXPECT_EQ(world.now() - begin, 120ms);
  world.run(tasks.stop());
}

TEST(Streams, distance_between_places_adds_to_the_latency) {
  World world({.path = {.latency = 1ms}});
  Host& a = world.add_host({.place = {.x = 0ms, .y = 0ms}});
  Host& b = world.add_host({.place = {.x = 30ms, .y = 40ms}});
  EXPECT_EQ(world.round_trip(a, b), 102ms);
  const TimePoint begin = world.now();
  const auto pair = connect_pair(world, a, b);
  EXPECT_EQ(world.now() - begin, 153ms);  // accepted half a round trip after the client goes on
}

TEST(Streams, the_line_of_a_host_adds_its_delay_and_its_loss_to_each_path) {
  World world({.path = {.latency = 1ms, .loss = 0.5}});
  Host& a = world.add_host({.place = {.delay = 10ms, .loss = 0.5}});
  Host& b = world.add_host({.place = {.delay = 20ms, .loss = 0.5}});
  EXPECT_EQ(world.round_trip(a, b), 62ms);
  EXPECT_DOUBLE_EQ(world.paths().loss(a.index(), b.index()), 0.875);
}

TEST(Streams, both_ends_know_both_addresses) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  const auto pair = connect_pair(world, a, b);
  EXPECT_EQ(pair.client->local(), pair.server->remote());
  EXPECT_EQ(pair.client->remote(), pair.server->local());
  EXPECT_EQ(pair.client->local().address, a.address());
}

TEST(Streams, refused_after_one_round_trip) {
  World world({.path = {.latency = 40ms}});
  Host& a = world.add_host();
  Host& b = world.add_host();
  const TimePoint begin = world.now();
  const Endpoint nobody{b.address(), kStreamPort};
  EXPECT_EQ(world.run(outcome(try_connect(a.system(), nobody))), ErrorCode::unreachable);
  EXPECT_EQ(world.now() - begin, 80ms);
}

TEST(Streams, an_address_of_nobody_times_out) {
  World world;
  Host& a = world.add_host({.connect_limit = 20s});
  const TimePoint begin = world.now();
  const Endpoint nobody{*IpAddress::parse("203.0.113.9"), kStreamPort};
  EXPECT_EQ(world.run(outcome(try_connect(a.system(), nobody))), ErrorCode::timeout);
  EXPECT_EQ(world.now() - begin, 20s);
}

TEST(Streams, no_route_without_an_address_of_the_family) {
  World world;
  Host& a = world.add_host();
  const Endpoint six{*IpAddress::parse("2001:db8::1"), kStreamPort};
  EXPECT_EQ(world.run(outcome(try_connect(a.system(), six))), ErrorCode::unreachable);
}

TEST(Streams, ipv6_and_loopback_reach_a_dual_stack_listener) {
  World world;
  Host& a = world.add_host({.addresses = {*IpAddress::parse("2001:db8::1")}});
  Host& b = world.add_host({.addresses = {*IpAddress::parse("2001:db8::2")}});
  auto listener =
      b.system().network.listen({IpAddress::any_v6(), kStreamPort}, {.dual_stack = true});
  TaskGroup tasks(world.waits(), "server");
  tasks.spawn(serve_echo(*listener, tasks));
  EXPECT_EQ(world.run(ask(a.system(), {b.address(), kStreamPort}, "six")), "six");
  EXPECT_EQ(world.run(ask(b.system(), {IpAddress::loopback_v4(), kStreamPort}, "home")), "home");
  world.run(tasks.stop());
}

TEST(Streams, a_taken_or_foreign_address_is_refused) {
  World world;
  Host& a = world.add_host();
  Network& network = a.system().network;
  const auto first = network.listen({IpAddress::any_v4(), kStreamPort});
  EXPECT_THROW(network.listen({a.address(), kStreamPort}), Error);
  EXPECT_THROW(network.listen({*IpAddress::parse("203.0.113.9"), kStreamPort}), Error);
}

TEST(Streams, half_close_lets_the_other_half_go_on) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  const auto pair = connect_pair(world, a, b);
  world.run(pair.client->close_write());
  EXPECT_EQ(world.run(read_byte(*pair.server)), 0U);
  world.run(write_text(*pair.server, "still here"));
  world.run(pair.server->close_write());
  EXPECT_EQ(world.run(read_all(*pair.client)), "still here");
}

TEST(Streams, what_was_written_before_both_closed_arrives_after_the_end_of_its_owner) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  auto pair = connect_pair(world, a, b);
  world.run(pair.client->close_write());
  EXPECT_EQ(world.run(read_byte(*pair.server)), 0U);
  world.run(write_text(*pair.server, "the last word"));
  world.run(pair.server->close_write());
  pair.server.reset();
  EXPECT_EQ(world.run(read_all(*pair.client)), "the last word");
  pair.client.reset();
  world.run_until_idle();
  EXPECT_EQ(a.stream_count(), 0U);
  EXPECT_EQ(b.stream_count(), 0U);
}

TEST(Streams, abort_breaks_this_side_now_and_the_other_after_the_latency) {
  World world({.path = {.latency = 30ms}});
  Host& a = world.add_host();
  Host& b = world.add_host();
  const auto pair = connect_pair(world, a, b);
  const TimePoint begin = world.now();
  pair.client->abort();
  EXPECT_EQ(world.run(outcome(read_byte(*pair.client))), ErrorCode::closed);
  EXPECT_EQ(world.now(), begin);
  EXPECT_EQ(world.run(outcome(read_byte(*pair.server))), ErrorCode::closed);
  EXPECT_EQ(world.now() - begin, 30ms);
  EXPECT_EQ(world.run(outcome(write_text(*pair.server, "x"))), ErrorCode::closed);
}

TEST(Streams, the_destructor_aborts) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  auto pair = connect_pair(world, a, b);
  pair.client.reset();
  EXPECT_EQ(a.stream_count(), 0U);
  EXPECT_EQ(world.run(outcome(read_byte(*pair.server))), ErrorCode::closed);
}

TEST(Streams, a_closed_listener_resets_what_it_did_not_hand_out) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  auto listener = b.system().network.listen({b.address(), kStreamPort});
  const auto stream = world.run(a.system().network.connect(listener->local()));
  world.run_for(1s);
  listener.reset();
  EXPECT_EQ(world.run(outcome(read_byte(*stream))), ErrorCode::closed);
  EXPECT_EQ(b.stream_count(), 0U);
}

TEST(Streams, the_death_of_a_host_is_noticed_when_retransmission_gives_up) {
  World world;
  Host& a = world.add_host({.retransmission_limit = 20s});
  Host& b = world.add_host();
  const auto pair = connect_pair(world, a, b);
  b.crash();
  const TimePoint begin = world.now();
  EXPECT_EQ(world.run(write_text(*pair.client, "are you there?")), 14U);
  EXPECT_EQ(world.run(outcome(read_byte(*pair.client))), ErrorCode::closed);
  EXPECT_GE(world.now() - begin, 20s);
  EXPECT_LE(world.now() - begin, 40s);
}

TEST(Streams, a_restarted_host_resets_streams_of_its_former_life) {
  World world({.path = {.latency = 30ms}});
  Host& a = world.add_host();
  Host& b = world.add_host();
  const auto pair = connect_pair(world, a, b);
  b.crash();
  b.restart();
  const TimePoint begin = world.now();
  EXPECT_EQ(world.run(write_text(*pair.client, "who are you?")), 12U);
  EXPECT_EQ(world.run(outcome(read_byte(*pair.client))), ErrorCode::closed);
  EXPECT_EQ(world.now() - begin, 60ms);
}

TEST(Streams, survive_a_short_partition) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  const auto pair = connect_pair(world, a, b);
  world.partition({&a}, {&b});
  const TimePoint begin = world.now();
  world.after(5s, [&] { world.heal(); });
  world.run(write_text(*pair.client, "x"));
  EXPECT_EQ(world.run(read_byte(*pair.server)), 1U);
  EXPECT_GE(world.now() - begin, 5s);
  EXPECT_LE(world.now() - begin, 12s);
}

TEST(Streams, a_long_partition_breaks_them) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  const auto pair = connect_pair(world, a, b);
  world.partition({&a}, {&b});
  world.run(write_text(*pair.client, "x"));
  EXPECT_EQ(world.run(outcome(read_byte(*pair.client))), ErrorCode::closed);
  EXPECT_EQ(world.run(outcome(try_connect(a.system(), pair.client->remote()))), ErrorCode::timeout);
}

TEST(Streams, lost_acknowledgements_are_asked_for) {
  World world({.path = {.latency = 30ms}});
  Host& a = world.add_host({.window_bytes = 1000});
  Host& b = world.add_host();
  const auto pair = connect_pair(world, a, b);
  world.run(write_text(*pair.client, std::string(1000, 'x')));
  world.run_for(40ms);  // arrived, its acknowledgement on the way
  world.partition({&a}, {&b});
  world.after(2s, [&] { world.heal(); });
  // Has no room before it knows that the others arrived.
  EXPECT_EQ(world.run(write_text(*pair.client, "y")), 1U);
}

TEST(Streams, lost_news_of_room_is_asked_for) {
  constexpr std::size_t kWindow = 100'000;
  World world;
  Host& a = world.add_host({.window_bytes = kWindow});
  Host& b = world.add_host({.window_bytes = kWindow});
  const auto pair = connect_pair(world, a, b);
  world.run(write_text(*pair.client, std::string(2 * kWindow, 'x')));
  world.run_for(10s);  // the first window lies there, acknowledged and unread
  world.partition({&a}, {&b});
  world.after(5s, [&] { world.heal(); });
  Bytes all(2 * kWindow);
  world.run(read_exactly(*pair.server, all));
  // A later partition is forgiven as much as the first.
  world.partition({&a}, {&b});
  world.after(25s, [&] { world.heal(); });
  world.run(write_text(*pair.client, "y"));
  EXPECT_EQ(world.run(read_byte(*pair.server)), 1U);
}

TEST(Streams, an_acknowledgement_to_an_address_of_nobody_is_missed_by_whom_it_was_for) {
  World world({.path = {.latency = 30ms}});
  Host& a = world.add_host({.window_bytes = 1000});
  Host& b = world.add_host();
  // Each the first of its host, so of the same number.
  const auto moving = connect_pair(world, a, b);
  a.set_addresses({*IpAddress::parse("192.0.2.77")});
  world.run(write_text(*moving.client, std::string(1000, 'x')));
  const TimePoint begin = world.now();
  EXPECT_EQ(world.run(outcome(write_text(*moving.client, "y"))), ErrorCode::closed);
  EXPECT_GE(world.now() - begin, 30s);
}

TEST(Streams, a_server_that_speaks_first_gets_its_word_through_a_lost_handshake) {
  World world({.path = {.latency = 30ms}});
  Host& a = world.add_host();
  Host& b = world.add_host();
  const auto listener = b.system().network.listen({b.address(), kStreamPort});
  const auto stream = world.run(a.system().network.connect(listener->local()));
  world.partition({&a}, {&b});  // takes the client's last acknowledgement
  world.after(3s, [&] { world.heal(); });
  EXPECT_NE(world.run(listener->accept()), nullptr);
}

TEST(Streams, an_abort_that_is_lost_is_repeated_when_the_other_side_speaks) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  const auto pair = connect_pair(world, a, b);
  world.partition({&a}, {&b});
  pair.client->abort();
  world.heal();
  world.run(write_text(*pair.server, "hello?"));
  EXPECT_EQ(world.run(outcome(read_byte(*pair.server))), ErrorCode::closed);
}

TEST(Streams, are_reliable_and_in_order_on_a_bad_path) {
  World world({.path = {.latency = 10ms, .jitter = 5ms, .loss = 0.03, .reordering = 0.05}});
  Host& a = world.add_host();
  Host& b = world.add_host();
  transfer(world, a, b, 3 * kMegabyte);
}

TEST(Streams, fill_a_slow_line) {
  for (const std::uint64_t rate : {100'000ULL, 1'250'000ULL, 12'500'000ULL}) {
    World world({.path = {.latency = 20ms}});
    Host& a = world.add_host({.up = rate});
    Host& b = world.add_host({.down = rate});
    const Duration took = transfer(world, a, b, rate * 10);
    EXPECT_GE(bytes_per_second(rate * 10, took), 0.9 * static_cast<double>(rate)) << rate;
    EXPECT_LE(bytes_per_second(rate * 10, took), static_cast<double>(rate)) << rate;
  }
}

TEST(Streams, share_a_line) {
  World world({.path = {.latency = 20ms}});
  Host& a = world.add_host({.up = 1'000'000});
  Host& b = world.add_host();
  Host& c = world.add_host();
  auto one = connect_pair(world, a, b);
  auto two = connect_pair(world, a, c);
  TaskGroup tasks(world.waits(), "senders");
  tasks.spawn(send_pattern(*one.client, 5 * kMegabyte));
  tasks.spawn(send_pattern(*two.client, 5 * kMegabyte));
  const TimePoint begin = world.now();
  EXPECT_EQ(world.run(receive_pattern(*one.server)), 5 * kMegabyte);
  EXPECT_EQ(world.run(receive_pattern(*two.server)), 5 * kMegabyte);
  const Duration took = world.now() - begin;
  EXPECT_GE(took, 10s);
  EXPECT_LE(took, 13s);
  world.run(tasks.join());
}

TEST(Streams, the_window_grows_until_a_long_fast_path_is_full) {
  constexpr std::uint64_t kRate = 625'000'000;  // 5 Gb/s
  constexpr std::uint64_t kBytes = 500'000'000;
  World world({.path = {.latency = 31'500us, .mtu = 9000}});
  HostOptions fast{.up = kRate, .down = kRate, .mtu = 9000, .window_bytes = 128 << 20};
  Host& a = world.add_host(fast);
  Host& b = world.add_host(fast);
  auto pair = connect_pair(world, a, b);
  TaskGroup tasks(world.waits(), "sender");
  tasks.spawn(send_pattern(*pair.client, 2 * kBytes));
  const TimePoint first_begin = world.now();
  Bytes buffer(kBytes);
  world.run(read_exactly(*pair.server, buffer));
  const TimePoint second_begin = world.now();
  world.run(read_exactly(*pair.server, buffer));
  const Duration second = world.now() - second_begin;
  // The first half pays for slow start: some nine round trips.
  EXPECT_GE(second_begin - first_begin, 800ms + 63ms * 3);
  EXPECT_GE(bytes_per_second(kBytes, second), 0.95 * kRate);
  world.run(tasks.join());
}

TEST(Streams, a_fixed_window_limits_a_long_path_to_a_window_each_round_trip) {
  World world({.path = {.latency = 50ms}});
  Host& a = world.add_host();
  Host& b = world.add_host({.window_bytes = 256 * 1024});
  const Duration took = transfer(world, a, b, 10 * kMegabyte);
  EXPECT_NEAR(bytes_per_second(10 * kMegabyte, took), 256 * 1024 * 10, 256 * 1024 * 2);
}

TEST(Streams, a_writer_waits_for_a_reader_that_does_not_read) {
  World world;
  Host& a = world.add_host({.window_bytes = 100'000});
  Host& b = world.add_host({.window_bytes = 100'000});
  auto pair = connect_pair(world, a, b);
  TaskGroup tasks(world.waits(), "sender");
  tasks.spawn(send_pattern(*pair.client, kMegabyte));
  world.run_for(1h);
  EXPECT_EQ(tasks.size(), 1U);
  EXPECT_EQ(world.run(receive_pattern(*pair.server)), kMegabyte);
  world.run(tasks.join());
}

TEST(Streams, a_cancelled_connect_leaves_nothing) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  const auto listener = b.system().network.listen({b.address(), kStreamPort});
  auto attempt = within(world.clock(), 10ms, try_connect(a.system(), listener->local()), "x");
  EXPECT_EQ(world.run(outcome(std::move(attempt))), ErrorCode::timeout);
  EXPECT_EQ(a.stream_count(), 0U);
  world.run_for(1min);
  EXPECT_EQ(b.stream_count(), 0U);
}

}  // namespace
}  // namespace shoal::sim
