// Step 2, a stream. `chat2 NAME` prints its address and waits to be called; `chat2 NAME ADDRESS`
// calls. What one types, the other sees; ends with its input.
#include <shoal/shoal.h>
#include <iostream>
#include <memory>

namespace {

constexpr const char* kProtocol = "/example/talk/1.0.0";

/// One talk between two. Used on the node's loop only, so it needs no lock.
class Talk {
 public:
  /// Prints what the other one says, until it hangs up.
  shoal::Async<void> listen(shoal::PeerStream opened) {
    other_ = std::make_shared<shoal::PeerStream>(std::move(opened));
    const auto stream = other_;
    shoal::ByteVector bytes;
    do {
      bytes = co_await stream->read();
      std::cout << shoal::text_of(bytes) << std::flush;
    } while (!bytes.empty());
  }
  shoal::Async<void> call(shoal::Node& node, std::string address) {
    shoal::PeerStream stream = co_await node.open(address, kProtocol);
    co_await stream.write("");  // the other side hears of the stream with its first bytes
    co_await listen(std::move(stream));
  }
  shoal::Async<void> say(std::string line) {
    const auto stream = other_;
    if (stream != nullptr) co_await stream->write(line);
  }

 private:
  std::shared_ptr<shoal::PeerStream> other_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  try {
    Talk talk;
    shoal::Node node({.listen = {"/ip4/127.0.0.1/tcp/0"}});
    node.serve(kProtocol,
               [&talk](shoal::PeerStream stream) { return talk.listen(std::move(stream)); });
    node.start();
    std::cout << node.addresses().front() << std::endl;
    if (count > 2) node.spawn(talk.call(node, arguments[2]));
    for (std::string line; std::getline(std::cin, line);) {
      node.run(talk.say(std::string(arguments[1]) + ": " + line + "\n"));
    }
    node.stop();
    return 0;
  } catch (const shoal::Error& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
