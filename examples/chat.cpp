// `chat NAME LISTEN-ADDRESS [PEER-ADDRESS]`: what is typed goes to everybody who is connected, and
// what they type is printed. Prints its own address first; ends with its input.
#include <shoal/shoal.h>
#include <iostream>
#include <set>

namespace {

constexpr const char* kProtocol = "/example/chat/1.0.0";
constexpr std::chrono::seconds kPatience(10);

/// Used on the node's loop only, so it needs no lock.
class Room {
 public:
  /// Prints what a peer says for as long as it is here.
  shoal::Async<void> listen(shoal::PeerStream opened) {
    const auto stream = std::make_shared<shoal::PeerStream>(std::move(opened));
    const Member here(*this, stream);
    shoal::ByteVector bytes;
    do {
      bytes = co_await stream->read();
      std::cout << shoal::text_of(bytes) << std::flush;
    } while (!bytes.empty());
  }

  shoal::Async<void> join(shoal::Node& node, std::string peer) {
    shoal::PeerStream stream = co_await node.open(peer, kProtocol);
    co_await stream.write("");
    co_await listen(std::move(stream));
  }

  shoal::Async<void> say(std::string line) {
    const auto everybody = streams_;
    for (const auto& stream : everybody) {
      try {
        co_await shoal::within(kPatience, stream->write(line), "telling " + stream->peer_id());
      } catch (const shoal::Error& error) {
        std::cerr << error.what() << std::endl;
        stream->reset();
      }
    }
  }

 private:
  using StreamPtr = std::shared_ptr<shoal::PeerStream>;

  struct Member {
    Member(Room& its_room, StreamPtr its_stream) : room(its_room), stream(std::move(its_stream)) {
      room.streams_.insert(stream);
    }
    ~Member() { room.streams_.erase(stream); }
    Room& room;
    StreamPtr stream;
  };

  std::set<StreamPtr> streams_;
};

int chat(const std::string& name, const std::string& listen, const char* peer) {
  Room room;
  shoal::Node node({.listen = {listen}});
  node.serve(kProtocol,
             [&room](shoal::PeerStream stream) { return room.listen(std::move(stream)); });
  node.start();
  std::cout << node.addresses().front() << std::endl;
  if (peer != nullptr) node.spawn(room.join(node, peer));
  for (std::string line; std::getline(std::cin, line);) {
    node.run(room.say(name + ": " + line + "\n"));
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::cerr << "usage: chat NAME LISTEN-ADDRESS [PEER-ADDRESS]" << std::endl;
    return 2;
  }
  try {
    return chat(arguments[1], arguments[2], count > 3 ? arguments[3] : nullptr);
  } catch (const shoal::Error& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
