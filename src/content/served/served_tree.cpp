#include "content/served/served_tree.h"

#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "format/dag_pb.h"
#include "system/yield.h"

namespace shoal::content {

Task<void> serve_tree(System& system, BlockStore& store, Cid root, ServedBlocks::Scope& scope) {
  std::vector<Cid> unread;
  const auto add = [&](const Cid& cid) {
    // Nobody asks for the bytes of an identity CID. An empty block is asked for like any other.
    if (cid.hash().is(HashCode::identity) || scope.contains(cid.hash())) return;
    scope.add(cid.hash());
    if (cid.is(Codec::dag_pb)) unread.push_back(cid);
  };
  add(root);
  Yield yield(system);  // nodes come from the index without a wait
  while (!unread.empty()) {
    co_await yield.step();
    const Cid cid = std::move(unread.back());
    unread.pop_back();
    const auto node = co_await store.get_node(cid.hash());
    if (!node) continue;
    try {
      for (const DagPbLinkView& link : decode_dag_pb(node->view()).links) add(link.cid);
    } catch (const Error& error) {
      log_debug("{}: {}", cid.to_string(), error.what());  // nothing is below it
    }
  }
}

}  // namespace shoal::content
