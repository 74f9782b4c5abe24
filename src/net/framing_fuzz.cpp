#include "net/framing.h"

#include <algorithm>

#include "base/error.h"
#include "base/varint.h"
#include "net/scripted_stream.h"
#include "system/test_loop.h"

namespace {

using namespace shoal;

constexpr std::size_t kMaxMessageBytes = 100;

struct Outcome {
  std::vector<Bytes> messages;
  bool refused = false;

  bool operator==(const Outcome&) const = default;
};

Task<void> read_all(Stream& stream, Outcome& out) {
  while (true) {
    auto message = co_await net::read_message(stream, kMaxMessageBytes);
    if (!message) co_return;
    SHOAL_CHECK(message->size() <= kMaxMessageBytes);
    out.messages.push_back(std::move(*message));
  }
}

Outcome read_in_pieces(ByteView input, std::size_t piece) {
  net::testing::Script script;
  while (!input.empty()) {
    const ByteView next = input.first(std::min(piece, input.size()));
    input = input.subspan(next.size());
    script.incoming.push_back(to_bytes(next));
  }
  net::testing::ScriptedStream stream(script);
  Outcome out;
  static shoal::testing::TestLoop loop;
  try {
    loop.run(read_all(stream, out));
  } catch (const Error&) {
    out.refused = true;
  }
  // No read asks for more than a message may have.
  for (const std::size_t asked : script.asked) SHOAL_CHECK(asked <= kMaxMessageBytes);
  return out;
}

}  // namespace

// Messages behind their lengths; the first byte says in what pieces they come, which must not
// matter.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  const Outcome whole = read_in_pieces(input, size);
  SHOAL_CHECK(read_in_pieces(input, 1 + data[0] % 32) == whole);
  std::size_t bytes = 0;
  for (const Bytes& message : whole.messages) bytes += varint_size(message.size()) + message.size();
  SHOAL_CHECK(whole.refused ? bytes <= input.size() : bytes == input.size());
  return 0;
}
