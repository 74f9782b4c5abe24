// `simulated [SEED]`: a protocol of one's own among a hundred nodes on bad lines, in virtual time.
// The same class would run between machines: only the line that makes the Node would differ.
#include <shoal/shoal.h>
#include <algorithm>
#include <deque>
#include <iostream>

namespace {

using namespace std::chrono_literals;

constexpr const char* kProtocol = "/example/rumour/1.0.0";
constexpr std::size_t kNodes = 100;
constexpr std::size_t kFriends = 4;

/// Who hears a rumour for the first time passes it on to all friends.
class Gossip {
 public:
  explicit Gossip(shoal::Node node) : node_(std::move(node)) {
    node_.serve(kProtocol, [this](shoal::PeerStream stream) { return hear(std::move(stream)); });
    node_.start();
  }

  std::string address() const { return node_.addresses().front(); }
  void befriend(const Gossip& other) { friends_.push_back(other.address()); }
  bool knows() const { return !rumour_.empty(); }

  void learn(std::string rumour) {
    if (knows()) return;
    rumour_ = std::move(rumour);
    for (const std::string& peer : friends_) node_.spawn(tell(peer));
  }

 private:
  shoal::Async<void> hear(shoal::PeerStream stream) {
    const shoal::ByteVector bytes = co_await stream.read();
    co_await stream.close();
    learn(std::string(shoal::text_of(bytes)));
  }

  shoal::Async<void> tell(std::string peer) {
    shoal::PeerStream stream = co_await node_.open(peer, kProtocol);
    co_await stream.write(rumour_);
    co_await stream.close();
    co_await stream.read();
  }

  std::vector<std::string> friends_;
  std::string rumour_;
  shoal::Node node_;  // last: when it goes, none of its coroutines uses the rest any more
};

/// How long it takes until all have heard, and the hash of the whole run.
std::pair<std::chrono::nanoseconds, std::uint64_t> spread(std::uint64_t seed) {
  shoal::Simulation world({.seed = seed});
  std::deque<Gossip> people;
  for (std::size_t i = 0; i < kNodes; ++i) {
    const shoal::HostOptions line{.up = 100'000, .delay = 20ms, .loss = 0.02};
    people.emplace_back(shoal::Node(world.add_host(line)));
  }
  for (std::size_t i = 0; i < kNodes; ++i) {
    for (std::size_t j = 1; j <= kFriends; ++j) {
      people[i].befriend(people[(i * kFriends + j) % kNodes]);
    }
  }
  const auto began = world.now();
  people[0].learn("it runs in the simulator");
  while (!std::ranges::all_of(people, &Gossip::knows)) world.run_for(10ms);
  return {world.now() - began, world.trace_hash()};
}

}  // namespace

int main(int count, char** arguments) {
  const std::uint64_t seed = count > 1 ? std::stoull(arguments[1]) : 1;
  const auto [time, hash] = spread(seed);
  std::cout << kNodes << " nodes heard it within "
            << std::chrono::duration_cast<std::chrono::milliseconds>(time).count() << " ms; trace "
            << std::hex << hash << std::endl;
}
