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
  explicit Play(FuzzScript script) : script_(script), test_(parameters()) {
    test_.router.set_policy(kSigned, SignaturePolicy::strict_sign);
  }

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
    out.pieces_threshold_bytes = 64;
    out.piece_bytes = kMinPieceBytes;
    out.peer_exchange = true;
    out.score.thresholds.accept_exchanged_peers = 0;
    out.direct_peers = {peer_of(kPeers)};
    return out;
  }

  /// The one topic whose messages are signed, and so spread over trees.
  static constexpr const char* kSigned = "d";

  std::string topic() { return std::string(1, static_cast<char>('a' + script_.byte() % 4)); }
  unsigned peer() { return 1 + script_.byte() % kPeers; }
  MessageId id() { return std::string(as_text(script_.take(script_.byte() % 3))); }
  Message message() {
    const std::string name = topic();
    if (name == kSigned) return large().message;
    return anonymous_message(name, to_bytes(script_.take(script_.byte() % 4)));
  }
  /// One of a few signed messages, two of them in pieces; all made once.
  const StoredMessage& large() {
    static const std::vector<MessagePtr> kMade = [] {
      std::vector<MessagePtr> out;
      for (const std::size_t bytes : {1U, 1U, 200U, 300U}) {
        Message made = sign_message(testing::key_of(40), out.size() + 1, kSigned, Bytes(bytes, 7));
        MessageId id = default_message_id(made);
        const MessagePtr whole = store_message(made, id);
        out.push_back(store_message(made, id,
                                    std::make_shared<const Manifest>(make_manifest(
                                        testing::key_of(40), *whole, kMinPieceBytes))));
      }
      return out;
    }();
    return *kMade[script_.byte() % kMade.size()];
  }

  void take_step() {
    switch (script_.byte() % 15) {
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
      case 11:
        say_control();
        break;
      case 12:
        test_.say_trees(peer());
        break;
      case 13:
        test_.pass(std::chrono::milliseconds(script_.number() % 5000));
        break;
      default:
        say_of_trees();
    }
  }

  void say_of_trees() {
    const StoredMessage& about = large();
    const Manifest& manifest = *about.manifest;
    const Bytes encoded = manifest.encode();
    const ManifestKey key = manifest_key(encoded);
    const std::uint32_t index = script_.byte() % 8;
    const TreeKey tree = tree_of(about.message) + script_.byte() % 2;
    TreeMessages said;
    switch (script_.byte() % 7) {
      case 0:
        said.choke = {tree};
        break;
      case 1:
        said.unchoke = {tree};
        break;
      case 2:
        said.announce = {{topic(), {about.id, id()}}};
        break;
      case 3:
        said.manifests = {encoded};
        break;
      case 4:
        said.have = {{key, {0, 1, index}}};
        break;
      case 5:
        said.want = {{key, {0, index}}};
        break;
      default:
        said.pieces = {piece(about, key, index)};
    }
    test_.say(peer(), said);
  }

  Piece piece(const StoredMessage& about, ManifestKey key, std::uint32_t index) {
    const Manifest& manifest = *about.manifest;
    if (index >= manifest.pieces()) return {key, index, to_bytes("x")};
    Bytes data = to_bytes(
        about.encoded().view().subspan(manifest.offset_of(index), manifest.size_of(index)));
    if (script_.byte() % 4 == 0) data[0] ^= 1;
    return {key, index, std::move(data)};
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
    for (std::vector<Action> more = test_.act(); !more.empty(); more = test_.act()) perform(more);
  }

  void perform(const std::vector<Action>& actions) {
    for (const Action& action : actions) {
      if (const auto* send = std::get_if<SendMessage>(&action)) {
        SHOAL_CHECK(test_.router.knows(send->peer));
      } else if (const auto* control = std::get_if<SendControl>(&action)) {
        SHOAL_CHECK(test_.router.knows(control->peer));
        SHOAL_CHECK(control->rpc.publish.empty());
      } else if (const auto* piece = std::get_if<SendPiece>(&action)) {
        SHOAL_CHECK(test_.router.peers().at(piece->peer).trees);
        decode_rpc(piece->rpc.view());
      } else if (const auto* signature = std::get_if<Verify>(&action)) {
        test_.router.verified(signature->ticket, script_.byte() % 4 != 0, test_.now);
      } else if (const auto* manifest = std::get_if<VerifyManifest>(&action)) {
        test_.router.manifest_verified(manifest->key, script_.byte() % 4 != 0, test_.now);
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
    SHOAL_CHECK(test_.router.trees().missing() <= Repairs::kMaxMessages);
    SHOAL_CHECK(test_.router.pieces().size() <= Pieces::kMaxTransfers);
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
