#pragma once

#include <cstddef>

typedef struct ssl_ctx_st SSL_CTX;

namespace shoal::tls {

/// What all our handshakes have in common: TLS 1.3 alone; AES-128-GCM, then ChaCha20-Poly1305; no
/// session tickets; randomness of the RandomScope, which has to be there for this call, too. A
/// peer's certificates have at most so many bytes. Owned by the caller.
SSL_CTX* make_settings(std::size_t max_certificate_bytes);

}  // namespace shoal::tls
