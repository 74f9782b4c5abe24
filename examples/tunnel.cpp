// `tunnel greet` exposes a service of this program and prints its ticket; `tunnel port PORT` one of
// this machine; `tunnel ask TICKET` connects to the first, `tunnel listen TICKET` brings the second
// to a port here. `tunnel simulated` does it between two machines that do not exist.
#include <shoal/shoal.h>
#include <iostream>

namespace {

/// A service like any other: answers a question, then ends its half.
shoal::Async<void> greet(shoal::PeerStream stream) {
  const shoal::ByteVector name = co_await stream.read();
  co_await stream.write("hello " + std::string(shoal::text_of(name)) + ", who is " +
                        stream.peer_id());
  co_await stream.close();
  co_await stream.read();  // until the other side has ended as well
}

shoal::Async<std::string> ask(shoal::Node& node, std::string ticket, std::string name) {
  shoal::Tunnel tunnel = co_await node.connect_tunnel(ticket);
  shoal::PeerStream stream = co_await tunnel.open();
  co_await stream.write(name);
  co_await stream.close();
  std::string answer;
  while (true) {
    const shoal::ByteVector part = co_await stream.read();
    if (part.empty()) break;
    answer += shoal::text_of(part);
  }
  co_return answer;
}

shoal::Async<std::string> listen(shoal::Node& node, std::string ticket) {
  shoal::TunnelOptions options{.listen = "127.0.0.1:0"};
  options.on_change = [](bool connected, const std::string& reason) {
    std::cerr << (connected ? "connected" : "away: " + reason) << std::endl;
  };
  const shoal::Tunnel tunnel = co_await node.connect_tunnel(ticket, options);
  co_return tunnel.local();
}

void tell(const shoal::TunnelEvent& event) {
  if (event.state == shoal::TunnelEvent::State::refused) {
    std::cerr << event.peer_id << " was refused: " << event.reason << std::endl;
  }
}

void simulate() {
  shoal::Simulation world({.seed = 1});
  shoal::Node server(world.add_host());
  shoal::Node client(world.add_host());
  server.start();
  client.start();
  const std::string ticket = server.expose("greeter", greet);
  std::cout << client.run(ask(client, ticket, "simulated world")) << std::endl;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.at(0) == "simulated") return simulate(), 0;
  shoal::Node node({.listen = {"/ip4/127.0.0.1/tcp/0"}});
  node.start();
  if (words[0] == "ask") {
    std::cout << node.run(ask(node, words.at(1), "world")) << std::endl;
    return 0;
  }
  if (words[0] == "listen") std::cout << node.run(listen(node, words.at(1))) << std::endl;
  const shoal::ExposeOptions options{.on_event = tell};
  if (words[0] == "greet") std::cout << node.expose("greeter", greet, options) << std::endl;
  if (words[0] == "port")
    std::cout << node.expose("port", "localhost:" + words.at(1), options) << std::endl;
  node.wait_for_signal();
}
