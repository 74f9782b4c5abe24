#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"
#include "service/tunnel_ticket.h"

/// A ticket that is accepted reads the same after it was written out.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using shoal::service::TunnelTicket;
  try {
    const TunnelTicket ticket = TunnelTicket::parse(shoal::as_text({data, size}));
    SHOAL_CHECK(TunnelTicket::parse(ticket.to_string()) == ticket);
  } catch (const shoal::Error&) {
  }
  return 0;
}
