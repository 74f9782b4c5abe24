#include "lab/free_rider.h"

#include <utility>

#include "format/dag_pb.h"
#include "service/content_session.h"

namespace shoal::lab {

Task<void> FreeRider::take(Cid root, std::vector<Multiaddr> providers) {
  using Exchange = service::ContentSession::Exchange;
  System& system = node_.node().system();
  service::ContentSession session(node_.node().context(), root, providers,
                                  pretends_ ? Exchange::with_neighbours : Exchange::none);
  const content::Block top = co_await session->fetch_root(root);
  TaskGroup fetches(system.waits, "free rider");
  for (const DagPbLinkView& link : decode_dag_pb(top.bytes.view()).links) {
    fetches.spawn(take_one(*session, link.cid));
  }
  std::exception_ptr failure;
  try {
    co_await fetches.join();
  } catch (...) {
    failure = std::current_exception();
  }
  co_await fetches.stop();
  if (failure) std::rethrow_exception(failure);
  done_at_ = system.clock.now();
}

Task<void> FreeRider::take_one(content::Session& session, Cid cid) {
  const content::Block block = co_await session.fetch(std::move(cid));
  bytes_ += block.bytes.size();
}

}  // namespace shoal::lab
