// `messages serve LISTEN-ADDRESS [PEER-ID...]` turns messages to capital letters, for those peers
// alone when some are named; `messages ask ADDRESS TEXT... < KEY` asks, as the peer whose key it
// reads; `messages key > KEY` makes one, and `messages id < KEY` tells its peer id.
#include <shoal/shoal.h>
#include <cctype>
#include <iostream>
#include <iterator>
#include <set>

namespace {

constexpr const char* kProtocol = "/example/capitals/1.0.0";
constexpr std::size_t kMaxBytes = 1000;

shoal::Async<void> answer(shoal::PeerStream stream) {
  while (auto message = co_await stream.read_message(kMaxBytes)) {
    std::string text(shoal::text_of(*message));
    for (char& letter : text) letter = static_cast<char>(std::toupper(letter));
    co_await stream.write_message(text);
  }
  co_await stream.close();
}

shoal::Async<void> ask(shoal::Node& node, std::string peer, std::vector<std::string> texts) {
  shoal::PeerStream stream = co_await node.open(peer, kProtocol);
  for (const std::string& text : texts) {
    co_await stream.write_message(text);
    const auto message = co_await stream.read_message(kMaxBytes);
    if (!message) break;
    std::cout << shoal::text_of(*message) << std::endl;
  }
  co_await stream.close();
}

void print_peer(const shoal::PeerEvent& event) {
  using Kind = shoal::PeerEvent::Kind;
  if (event.kind == Kind::identified) return;
  std::cerr << event.peer.peer_id << (event.kind == Kind::gone ? " is gone" : " connected")
            << std::endl;
}

/// Empty, which lets everybody in, when nobody is named.
std::function<bool(const std::string&)> admission(const std::set<std::string>& allowed) {
  if (allowed.empty()) return {};
  return [allowed](const std::string& peer) { return allowed.contains(peer); };
}

int serve(const std::string& listen, const std::set<std::string>& allowed) {
  shoal::Node node({.listen = {listen}, .allow = admission(allowed)});
  const shoal::Subscription watching = node.on_peer(print_peer);
  node.serve(kProtocol, answer);
  node.start();
  std::cout << node.addresses().front() << std::endl;
  node.wait_for_signal();
  return 0;
}

shoal::Key read_key() {
  const std::string secret{std::istreambuf_iterator<char>(std::cin), {}};
  return shoal::Key::from_bytes(shoal::bytes_of(secret));
}

int run(const std::vector<std::string>& words) {
  const std::string command = words.empty() ? "" : words[0];
  if (command == "key") {
    std::cout << shoal::text_of(shoal::Key::generate().bytes());
    return 0;
  }
  if (command == "id") {
    std::cout << read_key().peer_id() << std::endl;
    return 0;
  }
  if (command == "serve" && words.size() >= 2) {
    return serve(words[1], {words.begin() + 2, words.end()});
  }
  if (command == "ask" && words.size() >= 3) {
    shoal::Node node({.listen = {"/ip4/127.0.0.1/tcp/0"}, .key = read_key()});
    node.run(ask(node, words[1], {words.begin() + 2, words.end()}));
    return 0;
  }
  std::cerr << "usage: messages key | id | serve LISTEN-ADDRESS [PEER-ID...] | ask ADDRESS TEXT..."
            << std::endl;
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  shoal::set_log([](shoal::LogLevel level, std::string_view line) {
    std::cerr << shoal::to_string(level) << ": " << line << std::endl;
  });
  try {
    return run({arguments + 1, arguments + count});
  } catch (const shoal::Error& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
