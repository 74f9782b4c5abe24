#include <cstdint>

#include "base/error.h"
#include "protocol/gossipsub/rpc.h"

// An RPC stays within its bounds, and is the same again when written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  using namespace shoal::gossipsub;
  try {
    const Rpc rpc = decode_rpc({data, size});
    const Control& control = rpc.control;
    std::size_t ihave_ids = 0;
    for (const IHave& ihave : control.ihave) ihave_ids += ihave.ids.size();
    SHOAL_CHECK(rpc.subscriptions.size() <= kMaxSubscriptionsPerRpc);
    SHOAL_CHECK(rpc.publish.size() <= kMaxMessagesPerRpc);
    SHOAL_CHECK(ihave_ids <= kMaxIdsPerRpc && control.ihave.size() <= kMaxEntriesPerRpc);
    SHOAL_CHECK(control.iwant.size() <= kMaxIdsPerRpc);
    SHOAL_CHECK(control.idontwant.size() <= kMaxIdsPerRpc);
    SHOAL_CHECK(control.graft.size() <= kMaxEntriesPerRpc);
    SHOAL_CHECK(control.prune.size() <= kMaxEntriesPerRpc);
    for (const Prune& prune : control.prune) SHOAL_CHECK(prune.peers.size() <= kMaxPeersPerPrune);
    for (const Message& message : rpc.publish) {
      SHOAL_CHECK(Message::decode(message.encode()) == message);
      has_valid_signature(message);
    }
    for (const Bytes& piece : encode_rpc(rpc, 1024)) SHOAL_CHECK(piece.size() <= 1024);
    const auto pieces = encode_rpc(rpc, 64 * kMaxRpcBytes);
    SHOAL_CHECK(pieces.size() <= 1);
    SHOAL_CHECK((pieces.empty() ? Rpc{} : decode_rpc(pieces[0])) == rpc);
  } catch (const Error&) {
  }
  return 0;
}
