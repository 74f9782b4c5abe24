#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "content/bitswap/message.h"

using namespace shoal;
using namespace shoal::content::bitswap;

namespace {

SharedBytes joined_without_length(const EncodedMessage& encoded) {
  Bytes all;
  for (const ByteView piece : encoded.pieces()) append(all, piece);
  ByteView body = all;
  std::size_t length_bytes = 1;
  while ((all[length_bytes - 1] & 0x80) != 0) ++length_bytes;
  return SharedBytes(to_bytes(body.subspan(length_bytes)));
}

}  // namespace

/// What can be read can be written, and reads the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const Message message = decode_message(SharedBytes(Bytes(data, data + size)));
    const EncodedMessage encoded = encode_message(message, Version::v1_2);
    if (encoded.size() > kMaxMessageBytes) return 0;
    const Message again = decode_message(joined_without_length(encoded));
    SHOAL_CHECK(again.wants.size() == message.wants.size());
    SHOAL_CHECK(again.presences.size() == message.presences.size());
    SHOAL_CHECK(again.blocks.size() == message.blocks.size());
    SHOAL_CHECK(again.pending_bytes == message.pending_bytes);
    for (std::size_t i = 0; i < again.blocks.size(); ++i) {
      SHOAL_CHECK(again.blocks[i].prefix == message.blocks[i].prefix);
      SHOAL_CHECK(equal(again.blocks[i].data.view(), message.blocks[i].data.view()));
    }
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
