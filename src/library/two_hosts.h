#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <shoal/shoal.h>

#include <optional>
#include <string>
#include <vector>

namespace shoal::testing {

using namespace std::chrono_literals;

inline constexpr const char* kEcho = "/test/echo/1";

inline Async<void> echo(PeerStream stream) {
  ByteVector bytes;
  do {
    bytes = co_await stream.read();
    co_await stream.write(bytes);
  } while (!bytes.empty());
  co_await stream.close();
}

inline Async<void> write_all(PeerStream& stream, std::string text) {
  co_await stream.write(std::move(text));
  co_await stream.close();
}

inline Async<void> read_all(PeerStream& stream, std::string& into) {
  ByteVector bytes;
  do {
    bytes = co_await stream.read();
    into += text_of(bytes);
  } while (!bytes.empty());
}

/// Writes and reads at once: an echo stops reading when nobody takes what it says.
inline Async<std::string> exchange(PeerStream& stream, std::string text) {
  std::string answer;
  std::vector<Async<void>> both;
  both.push_back(write_all(stream, std::move(text)));
  both.push_back(read_all(stream, answer));
  co_await all(std::move(both));
  co_return answer;
}

inline Async<std::string> ask(Node& node, std::string peer, std::string protocol,
                              std::string text) {
  PeerStream stream = co_await node.open(peer, protocol);
  std::string answer = co_await exchange(stream, std::move(text));
  co_return answer;
}

/// Two nodes on two simulated machines; the second is listening.
class TwoHosts : public ::testing::Test {
 protected:
  TwoHosts() {
    there.serve(kEcho, echo);
    there.start();
    here.start();
    address = there.addresses().front();
  }

  /// The code of the Error that leaves `work`; none when nothing does.
  std::optional<ErrorCode> failure(Async<void> work) {
    try {
      here.run(std::move(work));
    } catch (const Error& error) {
      said = error.what();
      return error.code();
    }
    return std::nullopt;
  }

  Simulation world;
  SimulatedHost here_host = world.add_host();
  SimulatedHost there_host = world.add_host();
  Node here{here_host};
  Node there{there_host};
  std::string address;
  std::string said;
};

}  // namespace shoal::testing
