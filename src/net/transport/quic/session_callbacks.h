#pragma once

#include "net/transport/quic/ngtcp2.h"

namespace shoal::quic {

/// What ngtcp2 calls; the user data of its connections is their Session.
const ngtcp2_callbacks& callbacks();

}  // namespace shoal::quic
