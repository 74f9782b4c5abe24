#include "cli/serving.h"

#include <boost/json/array.hpp>

#include "cli/units.h"

namespace shoal::cli {

namespace {

boost::json::value number_or_null(const std::optional<std::uint64_t>& number) {
  if (!number) return nullptr;
  return *number;
}

}  // namespace

void tell_serving(Session& session, const Serving& serving) {
  auto& node = session.open_node();
  boost::json::array addresses;
  for (const auto& address : node.addresses()) addresses.emplace_back(address.to_string());
  session.output().event({{"event", "serving"},
                          {"link", serving.link.to_string()},
                          {"cid", serving.link.cid.to_string()},
                          {"name", serving.link.filename},
                          {"bytes", serving.bytes},
                          {"files", number_or_null(serving.files)},
                          {"blocks", number_or_null(serving.blocks)},
                          {"seconds", to_seconds(serving.duration)},
                          {"peer_id", node.id().to_string()},
                          {"addresses", std::move(addresses)}});
}

}  // namespace shoal::cli
