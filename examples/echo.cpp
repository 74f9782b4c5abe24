// `echo LISTEN-ADDRESS` answers until Ctrl-C; `echo PEER-ADDRESS TEXT` asks, and prints the answer.
#include <shoal/shoal.h>
#include <iostream>

shoal::Async<void> answer(shoal::PeerStream stream) {
  shoal::ByteVector bytes;
  do {
    bytes = co_await stream.read();
    co_await stream.write(bytes);
  } while (!bytes.empty());
  co_await stream.close();
}
shoal::Async<void> ask(shoal::Node& node, std::string peer, std::string text) {
  shoal::PeerStream stream = co_await node.open(peer, "/echo/1.0.0");
  co_await stream.write(text);
  co_await stream.close();
  shoal::ByteVector echoed(text.size());
  co_await stream.read_exactly(echoed);
  std::cout << shoal::text_of(echoed) << std::endl;
}
int main(int, char** arguments) {
  const std::string address = arguments[1];
  shoal::Node node({.listen = {arguments[2] ? "/ip4/127.0.0.1/tcp/0" : address}});
  if (arguments[2]) return node.run(ask(node, address, arguments[2])), 0;
  node.serve("/echo/1.0.0", answer);
  node.start();
  for (const std::string& own : node.addresses()) std::cout << own << std::endl;
  node.wait_for_signal();
}
