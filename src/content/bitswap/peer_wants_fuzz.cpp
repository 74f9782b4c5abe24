#include "content/bitswap/peer_wants.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "content/bitswap/fuzz_blocks.h"
#include "content/bitswap/wantlist.h"

// A peer that says anything, to a server that does anything. The input is a script: steps of one
// byte for what happens and one for the block that it is about. The lowest bit of a block's number
// says whether it is here at first.

namespace {

using namespace shoal;
using namespace shoal::content::bitswap;

constexpr std::size_t kBlocks = 2048;

const Cid& cid_of(std::size_t number) {
  return content::bitswap::cid_of<kBlocks>(number);
}

class Run {
 public:
  explicit Run(ByteView script) : script_(script) {}

  void go() {
    while (!script_.empty()) {
      step(byte());
      SHOAL_CHECK(peer_wants_.size() <= PeerWants::kMaxWants);
      SHOAL_CHECK(peer_wants_.presence_count() <= PeerWants::kMaxPresences);
      SHOAL_CHECK(peer_wants_.has_blocks() == (peer_wants_.next_bytes().has_value()));
    }
    SHOAL_CHECK(peer_wants_.held() <= PeerWants::kMaxWants);
    // In the end all that can be served is served, each block once.
    std::set<Cid> served;
    while (const auto request = peer_wants_.next_block()) {
      SHOAL_CHECK(served.insert(*request).second);
    }
    SHOAL_CHECK(served.size() <= PeerWants::kMaxWants);
  }

 private:
  std::uint8_t byte() {
    if (script_.empty()) return 0;
    const std::uint8_t out = script_.front();
    script_ = script_.subspan(1);
    return out;
  }

  WantEntry entry(std::size_t number, std::uint8_t look) {
    return {.cid = cid_of(number),
            .priority = look % 3,
            .cancel = look % 8 == 7,
            .type = (look & 1) != 0 ? WantType::have : WantType::block,
            .send_dont_have = (look & 2) != 0};
  }

  void step(std::uint8_t what) {
    const std::size_t number = byte() * std::size_t{8} + what / 32;
    switch (what % 8) {
      case 0:
      case 1:
        return hear(1, number, what >> 3);
      case 2:
        return hear(1 + number % 64, number, what >> 3);
      case 3:
        return peer_wants_.offer(cid_of(number).hash(), number << 6);
      case 4:
        if (const auto request = peer_wants_.next_block()) peer_wants_.missing(request->hash());
        return;
      case 5:
        if (const auto request = peer_wants_.next_block(); request && number % 2 == 0) {
          peer_wants_.sent(request->hash());
        }
        return;
      case 6:
        SHOAL_CHECK(peer_wants_.take_presences(number).size() <= number);
        return;
      default:
        // A few blocks have been sent to others meanwhile.
        if (number % 4 == 3) {
          peer_wants_.send_rarest_first(
              [this](const Multihash& hash) { return hash.digest().front() % 4 == 0 ? sent_ : 0; });
        }
        if (number % 4 == 2) peer_wants_.hold_haves();
        for (const Multihash& hash : peer_wants_.held(number, 3)) {
          SHOAL_CHECK(!peer_wants_.waits_for(hash));
          peer_wants_.tell_held(hash, now_);
        }
        SHOAL_CHECK(peer_wants_.offered_bytes(now_) <= PeerWants::kMaxOffers << 18);
        ++sent_;
        now_ += number * 10ms;
    }
  }

  void hear(std::size_t count, std::size_t first, std::uint8_t look) {
    Message message;
    message.full = look == 31;
    for (std::size_t i = 0; i < count; ++i) message.wants.push_back(entry(first + i, look));
    const auto size_of = [](const Multihash& hash) -> std::optional<std::uint64_t> {
      if (hash.digest().front() % 2 == 0) return std::nullopt;
      return std::uint64_t{hash.digest().back()} << 10;
    };
    peer_wants_.receive(message, size_of, now_);
  }

  ByteView script_;
  TimePoint now_{};
  std::uint32_t sent_ = 0;
  PeerWants peer_wants_{now_};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run({data, std::min<std::size_t>(size, 256)}).go();
  return 0;
}
