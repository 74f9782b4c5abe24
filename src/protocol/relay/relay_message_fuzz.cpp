#include <cstdint>

#include "base/error.h"
#include "protocol/relay/message.h"
#include "protocol/relay/voucher.h"

namespace {

using namespace shoal;

/// Within its bounds, and the same again when written.
template <class Message>
void try_message(ByteView bytes) {
  try {
    const Message message = Message::decode(bytes);
    if constexpr (requires { message.reservation; }) {
      const auto& reservation = message.reservation;
      SHOAL_CHECK(!reservation ||
                  reservation->addresses.size() <= relay::Reservation::kMaxAddresses);
    }
    const Bytes written = message.encode();
    if (written.size() <= relay::kMaxMessageBytes) SHOAL_CHECK(Message::decode(written) == message);
  } catch (const Error&) {
  }
}

}  // namespace

// Both messages, and a voucher, of whatever bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  try_message<relay::HopMessage>(bytes);
  try_message<relay::StopMessage>(bytes);
  try {
    relay::open_voucher(bytes);
  } catch (const Error&) {
  }
  return 0;
}
