#include "cli/link_trouble.h"

#include <algorithm>

#include "service/link_addresses.h"

namespace shoal::cli {

namespace {

/// Says what the addresses in the link are, when that is why nobody can be reached.
Error explain_unreachable(const Error& error, const service::Link& link) {
  auto reach = service::Reach::this_machine;
  bool has_address = false;
  for (const Multiaddr& provider : link.providers) {
    if (provider.without_peer().empty()) continue;
    has_address = true;
    reach = std::max(reach, service::reach_of(provider));
  }
  std::string why;
  if (!has_address && !link.providers.empty()) {
    why = "the link names a peer, but no address of it: add one with --connect MULTIADDR";
  } else if (has_address && reach == service::Reach::this_machine) {
    why = "the addresses in the link lead to this machine only (127.0.0.1 or ::1)";
  } else if (reach == service::Reach::this_network) {
    why =
        "the addresses in the link are private: they work only in the sharer's own network, "
        "unless a forwarded port is named with --announce";
  }
  if (why.empty()) return error;
  const std::string rest = error.hint().empty() ? "" : "; " + error.hint();
  return {error.code(), error.message(), error.subject(), why + rest};
}

}  // namespace

Error explain(const Error& error, const service::Link& link) {
  if (error.code() == ErrorCode::unreachable) return explain_unreachable(error, link);
  if (error.code() != ErrorCode::not_found) return error;
  std::string hint = error.hint();
  if (link.providers.empty() && !link.filename.empty()) {
    // `shoal get ipfs://CID?filename=NAME&provider=...` runs what is before the '&'.
    hint = "the shell ends a command at '&': put the whole link into quotes; else " + hint;
  } else if (!link.path.empty() && hint.empty()) {
    hint = "`shoal ls LINK` shows what is there; " + std::string(service::kEncodingHint);
  }
  return {error.code(), error.message(), error.subject(), hint};
}

}  // namespace shoal::cli
