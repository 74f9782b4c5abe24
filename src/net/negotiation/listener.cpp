#include "net/negotiation/listener.h"

#include <algorithm>

#include "base/error.h"

namespace shoal::multistream {

Listener::Listener(std::vector<std::string> protocols)
    : Listener([protocols = std::move(protocols)](std::string_view protocol) {
        return std::ranges::find(protocols, protocol) != protocols.end();
      }) {}

Bytes Listener::receive(ByteView& received) {
  Bytes out;
  while (progress_ == Progress::pending) {
    auto line = reader_.take(received);
    if (!line) break;
    answer_line(std::move(*line), out);
  }
  return out;
}

void Listener::answer_line(std::string line, Bytes& out) {
  if (!header_received_) {
    if (line != kHeader) {
      throw Error(ErrorCode::malformed, "the program at that address does not speak libp2p");
    }
    header_received_ = true;
    append_line(out, kHeader);
    return;
  }
  if (++proposals_ > kMaxProposals) {
    throw Error(ErrorCode::limit, "the peer proposed more than 32 protocols");
  }
  if (speaks_(line)) {
    append_line(out, line);
    protocol_ = std::move(line);
    progress_ = Progress::agreed;
  } else {
    append_line(out, kNotAvailable);
  }
}

}  // namespace shoal::multistream
