#include <cstdint>

#include "base/error.h"
#include "service/chat_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using shoal::service::ChatMessage;
  try {
    const ChatMessage message = ChatMessage::decode({data, size});
    SHOAL_CHECK(ChatMessage::decode(message.encode()) == message);
  } catch (const shoal::Error&) {
  }
  return 0;
}
