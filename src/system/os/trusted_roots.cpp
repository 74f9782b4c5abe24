#include "system/os/trusted_roots.h"

#include <unistd.h>

#include <cstdlib>

namespace shoal::os {

std::string trusted_roots_file() {
  const char* chosen = std::getenv("SSL_CERT_FILE");
  if (chosen != nullptr && *chosen != '\0') return chosen;
  for (const char* usual : {"/etc/ssl/certs/ca-certificates.crt",
                            "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}) {
    if (access(usual, R_OK) == 0) return usual;
  }
  return {};
}

}  // namespace shoal::os
