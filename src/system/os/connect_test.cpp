// How a stream begins: from a port of one's own, at a Unix domain socket.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "system/os/test_world.h"

namespace shoal::os {
namespace {

Endpoint at_loopback(std::uint16_t port = 0) {
  return {.address = IpAddress::loopback_v4(), .port = port};
}

Task<void> dials_from_the_port_it_listens_on(System& system) {
  const auto ours = system.network.listen(at_loopback());
  const auto theirs = system.network.listen(at_loopback());
  const auto stream =
      co_await system.network.connect(theirs->local(), {.local_port = ours->local().port});
  EXPECT_EQ(stream->local(), ours->local());
  // And the listener goes on.
  const auto other = co_await system.network.connect(ours->local());
  const auto accepted = co_await ours->accept();
  EXPECT_EQ(accepted->remote(), other->local());
}
TEST(Connecting, comes_from_the_port_that_is_listened_on) {
  in_world(dials_from_the_port_it_listens_on);
}

Task<void> keeps_the_port(System& system) {
  const auto ours = system.network.listen(at_loopback());
  const auto theirs = system.network.listen(at_loopback());
  const auto stream =
      co_await system.network.connect(theirs->local(), {.local_port = ours->local().port});
  EXPECT_THROW((void)system.network.listen(ours->local()), Error);
}
TEST(Connecting, a_port_that_dials_share_has_one_listener) {
  in_world(keeps_the_port);
}

struct UnixListener {
  explicit UnixListener(const std::string& path)
      : socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
    EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    EXPECT_EQ(::listen(socket, 1), 0);
  }
  ~UnixListener() { ::close(socket); }
  int socket;
};

Task<void> speaks_by_unix_socket(System& system) {
  const std::string path = std::filesystem::temp_directory_path() / "shoal_connect_test.socket";
  std::filesystem::remove(path);
  const UnixListener listener(path);
  const auto stream = co_await system.network.connect_unix(path);
  const int other = ::accept(listener.socket, nullptr, nullptr);
  EXPECT_EQ(::send(other, "hello", 5, 0), 5);
  std::array<std::uint8_t, 5> got{};
  co_await read_exactly(*stream, got);
  EXPECT_EQ(as_text(got), "hello");
  co_await stream->close_write();
  EXPECT_EQ(::recv(other, got.data(), got.size(), 0), 0);
  ::close(other);
  std::filesystem::remove(path);
}
TEST(Connecting, reaches_a_unix_domain_socket) {
  in_world(speaks_by_unix_socket);
}

Task<void> refuses_bad_paths(System& system) {
  for (const std::string& path :
       {std::string("/no/such/socket"), std::string(), std::string(108, 'a')}) {
    ErrorCode code = ErrorCode::failed;
    try {
      (void)co_await system.network.connect_unix(path);
    } catch (const Error& error) {
      code = error.code();
    }
    EXPECT_EQ(code, ErrorCode::unreachable) << path;
  }
}
TEST(Connecting, a_unix_domain_socket_that_is_not_there_is_unreachable) {
  in_world(refuses_bad_paths);
}

}  // namespace
}  // namespace shoal::os
