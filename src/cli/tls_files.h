#pragma once

#include "cli/options.h"
#include "net/web_tls.h"
#include "system/storage.h"

namespace shoal::cli {

/// Reads what the flags name. Throws Error{io} for a file that is not there, {usage} for one that
/// is no certificate or key. Roots are read later, when they are needed.
net::WebTlsOptions web_tls_options(Storage& storage, const TlsFiles& files);

}  // namespace shoal::cli
