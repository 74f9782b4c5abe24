#pragma once

#include <string>
#include <vector>

#include "service/link.h"

namespace shoal::cli {

/// Texts for a QR code that lead `get` to the same content, longest first: the whole link, then
/// ever less of what is not needed. The shortest need a code of 41 modules, which fits a terminal
/// of 80 x 24, for an IPv4 address: capitals and digits take little more than half of the room of
/// other characters, so that the CID and the peer id are written in bases of these.
std::vector<std::string> qr_texts(const service::Link& link);

}  // namespace shoal::cli
