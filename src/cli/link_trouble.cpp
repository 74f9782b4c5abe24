#include "cli/link_trouble.h"

namespace shoal::cli {

Error explain(const Error& error, const service::Link& link) {
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
