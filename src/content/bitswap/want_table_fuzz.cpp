#include "content/bitswap/want_table.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"
#include "content/bitswap/fuzz_blocks.h"
#include "content/bitswap/wantlist.h"

// Peers that answer anything, come and go, to a session that wants anything. What the table says is
// told through the list of each peer, as the client does; the books of all of them must agree.

namespace {

using namespace shoal;
using namespace shoal::content::bitswap;

constexpr std::size_t kPeers = 4;
constexpr std::size_t kTableBlocks = 64;

const Cid& table_cid(std::size_t number) {
  return content::bitswap::cid_of<kTableBlocks>(number);
}

const Cid& table_cid(const Multihash& hash) {
  static const std::map<Multihash, std::size_t> numbers = [] {
    std::map<Multihash, std::size_t> out;
    for (std::size_t i = 0; i < kTableBlocks; ++i) out.emplace(table_cid(i).hash(), i);
    return out;
  }();
  return table_cid(numbers.at(hash));
}

class TableRun {
 public:
  explicit TableRun(ByteView script) : script_(script) {
    for (std::size_t i = 0; i < kPeers; ++i) table_.add_peer();
  }

  void go() {
    while (!script_.empty()) {
      step(byte());
      tell(table_.plan(now_));
      check();
    }
    get_all_from_another();
    for (std::size_t i = 0; i < kTableBlocks; ++i) table_.unwant(table_cid(i).hash());
    tell(table_.plan(now_));
    SHOAL_CHECK(table_.size() == 0);
    for (WantTable::Peer peer = 0; peer < kPeers; ++peer) {
      SHOAL_CHECK(table_.outstanding(peer) == 0);
    }
  }

 private:
  std::uint8_t byte() {
    if (script_.empty()) return 0;
    const std::uint8_t out = script_.front();
    script_ = script_.subspan(1);
    return out;
  }

  void step(std::uint8_t what) {
    const WantTable::Peer peer = what / 16 % kPeers;
    const std::uint8_t number = byte();
    const Multihash& hash = table_cid(number).hash();
    switch (what % 16) {
      case 0:
        return table_.want(hash);
      case 1:
        return table_.want(hash, WantTable::Kind::root);
      case 2:
        for (std::size_t i = 0; i < kTableBlocks; ++i) table_.want(table_cid(i).hash());
        return;
      case 3:
        return table_.unwant(hash);
      case 4:
        return table_.peer_up(peer, now_);
      case 5:
        lists_[peer].forget_told();
        return table_.peer_down(peer);
      case 6:
        if (number == 255) table_.peer_lied(peer);
        return;
      case 7:
        return table_.set_hope(peer, number % 2 == 1);
      case 8:
      case 9:
        lists_[peer].answered(hash);
        return table_.block(peer, hash, number * std::size_t{8192}, now_);
      case 10:
        return table_.have(peer, hash, now_);
      case 11:
      case 12:
        return table_.dont_have(peer, hash, now_);
      case 13:
        return table_.alive(peer, now_);
      case 14:
        if (number < 192) break;
        return table_.set_role(peer, static_cast<content::PeerRole>(number % 3));
      default:
        break;
    }
    now_ += number * 100ms;
    for (const auto& [gone, why] : table_.tick(now_)) SHOAL_CHECK(!table_.wants(gone));
  }

  /// Whatever happened: what is still wanted is had from one that comes now and has everything,
  /// although the others say nothing any more.
  void get_all_from_another() {
    const WantTable::Peer rich = table_.add_peer();
    table_.peer_up(rich, now_);
    for (int i = 0; i < 600 && table_.size() > 0; ++i, now_ += 100ms) {
      for (const WantTable::Action& action : table_.plan(now_)) {
        if (action.peer != rich || action.ask == Ask::nothing) continue;
        if (action.ask == Ask::block) {
          table_.block(rich, action.hash, 1000, now_);
        } else {
          table_.have(rich, action.hash, now_);
        }
      }
      table_.tick(now_);
    }
    SHOAL_CHECK(table_.size() == 0);
  }

  void tell(const std::vector<WantTable::Action>& actions) {
    for (const WantTable::Action& action : actions) {
      if (action.peer >= kPeers) continue;
      lists_.at(action.peer).set(1, table_cid(action.hash), action.ask, action.order, action.again);
    }
    for (Wantlist& list : lists_) {
      const Message message = list.take(false, Version::v1_2);
      SHOAL_CHECK(message.wants.size() <= 4 * kTableBlocks);
      for (const WantEntry& want : message.wants) SHOAL_CHECK(list.was_asked(want.cid.hash()));
    }
  }

  void check() {
    SHOAL_CHECK(table_.size() <= kTableBlocks && table_.all().size() == table_.size());
    SHOAL_CHECK(table_.live_peers() <= kPeers);
    for (WantTable::Peer peer = 0; peer < kPeers; ++peer) {
      SHOAL_CHECK(table_.outstanding(peer) <= table_.size());
      if (!table_.up(peer)) SHOAL_CHECK(table_.outstanding(peer) == 0);
      SHOAL_CHECK(lists_.at(peer).owed() <= Wantlist::kMaxWants);
    }
  }

  ByteView script_;
  TimePoint now_{};
  WantTable table_{Tuning{}};
  std::array<Wantlist, kPeers> lists_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  TableRun({data, std::min<std::size_t>(size, 256)}).go();
  return 0;
}
