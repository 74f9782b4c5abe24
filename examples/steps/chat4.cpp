// Step 4, a topic. `chat4 NAME ROOM [ADDRESS]`: what is typed goes to everybody in the room, also
// to those that this node is not connected to. ADDRESS is anybody of the same network.
#include <shoal/shoal.h>
#include <iostream>

namespace {

shoal::Async<void> listen(shoal::Topic& room) {
  while (const auto message = co_await room.next()) {
    std::cout << shoal::text_of(message->data) << std::endl;
  }
}

/// Waits until somebody is there who takes it.
shoal::Async<void> say(shoal::Topic& room, std::string line) {
  co_await room.met();
  co_await room.publish(line);
  co_await room.confirm();
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  try {
    shoal::NodeOptions options{.listen = {"/ip4/127.0.0.1/tcp/0"}};
    if (count > 3) options.bootstrap = {arguments[3]};
    shoal::Node node(std::move(options));
    node.start();
    std::cout << node.addresses().front() << std::endl;
    shoal::Topic room = node.join(std::string("example-room/") + arguments[2]);
    node.spawn(listen(room));
    for (std::string line; std::getline(std::cin, line);) {
      node.run(say(room, std::string(arguments[1]) + ": " + line));
    }
    node.stop();
    return 0;
  } catch (const shoal::Error& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
