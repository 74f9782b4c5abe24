#include "base/error.h"
#include "format/dag_pb.h"

// What was decoded and encoded again decodes to the same, and encodes to the same bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  const auto copy = [](const DagPbView& view) {
    std::vector<DagPbLink> links;
    for (const DagPbLinkView& link : view.links) {
      links.push_back({link.cid, std::string(link.name), link.tsize});
    }
    return links;
  };
  try {
    const DagPbView view = decode_dag_pb({data, size});
    const Bytes once = encode_dag_pb(copy(view), view.data);
    const DagPbView again = decode_dag_pb(once);
    SHOAL_CHECK(again.links.size() == view.links.size());
    SHOAL_CHECK(equal(encode_dag_pb(copy(again), again.data), once));
  } catch (const Error&) {
  }
  return 0;
}
