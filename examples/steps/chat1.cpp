// Step 1, a node. `chat1` prints its address and waits for Ctrl-C; `chat1 ADDRESS` measures how far
// away that one is.
#include <shoal/shoal.h>
#include <iostream>

int main(int count, char** arguments) {
  try {
    shoal::Node node({.listen = {"/ip4/127.0.0.1/tcp/0"}});
    node.start();
    if (count > 1) {
      const auto round_trip = node.run(node.ping(arguments[1]));
      std::cout << "it answers after " << round_trip / std::chrono::microseconds(1) << " us"
                << std::endl;
      return 0;
    }
    std::cout << node.addresses().front() << std::endl;
    node.wait_for_signal();
    return 0;
  } catch (const shoal::Error& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
