#include <algorithm>
#include <cstdint>

#include "base/error.h"
#include "protocol/tunnel/datagrams.h"

/// However a stream is cut, the datagrams in it are the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal::tunnel;
  const shoal::ByteView all(data, size);
  shoal::Bytes at_once;
  shoal::Bytes in_parts;
  const auto note = [](shoal::Bytes& into) {
    return [&into](shoal::ByteView datagram) {
      SHOAL_CHECK(datagram.size() <= kMaxDatagramBytes);
      into.push_back(static_cast<std::uint8_t>(datagram.size()));
      shoal::append(into, datagram);
    };
  };
  bool failed_at_once = false;
  bool failed_in_parts = false;
  try {
    DatagramReader reader;
    reader.receive(all, note(at_once));
  } catch (const shoal::Error&) {
    failed_at_once = true;
  }
  try {
    DatagramReader reader;
    for (std::size_t at = 0; at < size;) {
      const std::size_t step = std::min<std::size_t>(size - at, 1 + data[at] % 7);
      reader.receive(all.subspan(at, step), note(in_parts));
      at += step;
    }
  } catch (const shoal::Error&) {
    failed_in_parts = true;
  }
  SHOAL_CHECK(failed_at_once == failed_in_parts && at_once == in_parts);
  return 0;
}
