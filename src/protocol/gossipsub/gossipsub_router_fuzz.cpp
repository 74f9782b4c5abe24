#include <cstdint>
#include <set>

#include "base/error.h"
#include "base/fuzz_script.h"
#include "protocol/gossipsub/router_testing.h"

// A router whose peers say and do anything: its state stays consistent and bounded, it talks only
// to peers that are connected, and delivers no message twice.
namespace {

using namespace shoal;
using namespace shoal::gossipsub;
using shoal::gossipsub::testing::peer_of;
using shoal::gossipsub::testing::RouterUnderTest;

constexpr unsigned kPeers = 20;

class Play {
 public:
  explicit Play(FuzzScript script) : script_(script), test_(parameters()) {}

  void run() {
    for (int step = 0; step < 300 && !script_.empty(); ++step) {
      try {
        take_step();
      } catch (const Error& error) {
        SHOAL_CHECK(error.code() == ErrorCode::malformed);
      }
      perform();
      check();
    }
  }

 private:
  static Parameters parameters() {
    Parameters out;
    out.signature_policy = SignaturePolicy::strict_no_sign;
    out.peer_exchange = true;
    out.score.thresholds.accept_exchanged_peers = 0;
    out.direct_peers = {peer_of(kPeers)};
    return out;
  }

  std::string topic() { return std::string(1, static_cast<char>('a' + script_.byte() % 4)); }
  unsigned peer() { return 1 + script_.byte() % kPeers; }
  MessageId id() { return std::string(as_text(script_.take(script_.byte() % 3))); }
  Message message() {
    return anonymous_message(topic(), to_bytes(script_.take(script_.byte() % 4)));
  }

  void take_step() {
    switch (script_.byte() % 12) {
      case 0:
        test_.connect(peer(), static_cast<Version>(script_.byte() % 4), script_.byte() % 2 == 0);
        break;
      case 1:
        test_.router.disconnected(peer_of(peer()), test_.now);
        break;
      case 2:
        test_.router.receive(peer_of(peer()), script_.take(script_.byte()), test_.now);
        break;
      case 3:
        test_.router.join(topic(), script_.byte() % 2 == 0, test_.now);
        break;
      case 4:
        test_.router.leave(topic(), test_.now);
        break;
      case 5:
        test_.router.publish(testing::stored(message()), test_.now);
        break;
      case 6:
        test_.now += std::chrono::milliseconds(script_.number());
        test_.router.heartbeat(test_.now);
        break;
      case 7:
        if (!checks_.empty()) {
          test_.router.validated(*checks_.begin(), static_cast<Verdict>(script_.byte() % 3),
                                 test_.now);
          checks_.erase(checks_.begin());
        }
        break;
      case 8:
        test_.say_subscribed(peer(), topic(), script_.byte() % 4 != 0);
        break;
      case 9:
        test_.say_graft(peer(), topic());
        break;
      case 10:
        test_.send_message(peer(), message());
        break;
      default:
        say_control();
    }
  }

  void say_control() {
    Rpc rpc;
    rpc.control.ihave.push_back({topic(), {id(), id()}});
    rpc.control.iwant = {id()};
    rpc.control.idontwant = {id()};
    const std::uint64_t backoff = std::uint64_t{script_.byte()} << (script_.byte() % 64);
    rpc.control.prune.push_back(
        {topic(), {{to_bytes(peer_of(kPeers + 1).encoded()), {}}}, backoff});
    test_.receive(peer(), rpc);
  }

  void perform() {
    for (const Action& action : test_.act()) {
      if (const auto* send = std::get_if<SendMessage>(&action)) {
        SHOAL_CHECK(test_.router.knows(send->peer));
      } else if (const auto* control = std::get_if<SendControl>(&action)) {
        SHOAL_CHECK(test_.router.knows(control->peer));
        SHOAL_CHECK(control->rpc.publish.empty());
      } else if (const auto* check = std::get_if<Validate>(&action)) {
        SHOAL_CHECK(checks_.insert(check->ticket).second);
      } else if (const auto* delivery = std::get_if<Deliver>(&action)) {
        const auto [seen, fresh] = delivered_.try_emplace(delivery->message->id, test_.now);
        SHOAL_CHECK(fresh || test_.now - seen->second >= 2min);
        seen->second = test_.now;
      }
    }
  }

  void check() const {
    const Overlay& overlay = test_.router.overlay();
    for (const auto& [name, topic] : overlay.topics()) {
      SHOAL_CHECK(topic.joined || !topic.subscribers.empty());
      SHOAL_CHECK(topic.joined || topic.mesh.empty());
      for (const PeerId& member : topic.mesh) {
        SHOAL_CHECK(topic.subscribers.contains(member));
        SHOAL_CHECK(member != peer_of(kPeers));
        SHOAL_CHECK(has_mesh(test_.router.peers().at(member).version));
      }
      for (const PeerId& member : topic.fanout) SHOAL_CHECK(topic.subscribers.contains(member));
      for (const PeerId& member : topic.subscribers) {
        SHOAL_CHECK(test_.router.peers().at(member).topics.contains(name));
      }
    }
  }

  FuzzScript script_;
  RouterUnderTest test_;
  std::set<Ticket> checks_;
  std::map<MessageId, TimePoint> delivered_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Play(FuzzScript(ByteView{data, size})).run();
  return 0;
}
