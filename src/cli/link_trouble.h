#pragma once

#include "base/error.h"
#include "service/link.h"

namespace shoal::cli {

/// The same error, with a hint about how the link was written where that may be the reason. `link`
/// names all who are known.
Error explain(const Error& error, const service::Link& link);

}  // namespace shoal::cli
