#include <cstdint>

#include "base/error.h"
#include "service/chat_room.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using shoal::service::ChatRoom;
  try {
    const ChatRoom room = ChatRoom::parse(shoal::as_text({data, size}));
    const ChatRoom again = ChatRoom::parse(room.link());
    SHOAL_CHECK(again.name() == room.name() && again.topic() == room.topic());
  } catch (const shoal::Error&) {
  }
  return 0;
}
