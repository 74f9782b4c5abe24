#pragma once

#include <string>

namespace shoal::os {

/// The file of the certificates (PEM) that this system trusts: SSL_CERT_FILE, or where systems have
/// it. Empty when there is none.
std::string trusted_roots_file();

}  // namespace shoal::os
