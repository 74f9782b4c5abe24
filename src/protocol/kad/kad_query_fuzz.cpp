#include <array>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/fuzz_script.h"
#include "protocol/kad/query.h"

// Peers that answer anything at any time. Whatever they do, the bounds hold, nobody is asked twice,
// and the lookup ends once all have failed.

namespace {

using namespace shoal;
using namespace shoal::kad;

const PeerId& peer_of(std::uint8_t number) {
  static const std::vector<PeerId> peers = [] {
    std::vector<PeerId> out;
    for (int i = 0; i < 256; ++i) {
      const std::array<std::uint8_t, 1> bytes = {static_cast<std::uint8_t>(i)};
      out.push_back(PeerId::decode(Multihash::sha2_256(bytes).encoded()));
    }
    return out;
  }();
  return peers[number];
}

Patience patience_of(const PeerId&) {
  return {.hedge_after = 100ms, .late_after = 300ms};
}

Rules rules_from(FuzzScript& script) {
  Rules rules;
  rules.alpha = 1 + script.byte() % 16u;
  rules.replication = 1 + script.byte() % 32u;
  rules.disjoint_paths = 1 + script.byte() % 4u;
  rules.max_asks = script.byte() % 200u;
  rules.hedges = script.byte() % 2 == 0;
  rules.judges_namers = script.byte() % 4 != 0;
  return rules;
}

class Run {
 public:
  explicit Run(ByteView bytes)
      : script_(bytes),
        rules_(rules_from(script_)),
        query_(Key::of(peer_of(255)), peer_of(0), rules_, patience_of) {}

  void go() {
    query_.add_seeds(some_peers());
    while (!script_.empty()) {
      step();
      check();
    }
    end();
  }

 private:
  std::vector<PeerId> some_peers() {
    std::vector<PeerId> out;
    const std::size_t count = script_.byte() % 64u;
    for (std::size_t i = 0; i < count && !script_.empty(); ++i) {
      out.push_back(peer_of(script_.byte()));
    }
    return out;
  }

  void step() {
    switch (script_.byte() % 4) {
      case 0:
        ask();
        break;
      case 1: {
        const PeerId& peer = peer_of(script_.byte());
        query_.answered(peer, some_peers(), now_);
        break;
      }
      case 2:
        query_.failed(peer_of(script_.byte()), now_);
        break;
      default:
        now_ += std::chrono::milliseconds(script_.byte());
        query_.tick(now_);
    }
  }

  void ask() {
    for (const PeerId& peer : query_.next(now_)) {
      SHOAL_CHECK(peer != peer_of(0));
      SHOAL_CHECK(std::ranges::find(asked_, peer) == asked_.end());
      asked_.push_back(peer);
    }
  }

  void check() const {
    SHOAL_CHECK(query_.candidate_count() <= Query::kMaxCandidates);
    SHOAL_CHECK(query_.ask_count() <= rules_.max_asks);
    SHOAL_CHECK(query_.ask_count() == asked_.size());
    SHOAL_CHECK(query_.hops().size() == asked_.size());
    SHOAL_CHECK(query_.closest(1000).size() == query_.answer_count());
  }

  void end() {
    for (int round = 0; round < 1000 && !query_.done(); ++round) {
      ask();
      for (const PeerId& peer : asked_) query_.failed(peer, now_);
    }
    SHOAL_CHECK(query_.done());
  }

  FuzzScript script_;
  const Rules rules_;
  Query query_;
  std::vector<PeerId> asked_;
  TimePoint now_{1h};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run(ByteView(data, size)).go();
  return 0;
}
