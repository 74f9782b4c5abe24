#include "net/negotiation/dialer.h"

#include "base/error.h"

namespace shoal::multistream {

Dialer::Dialer(std::vector<std::string> protocols) : protocols_(std::move(protocols)) {
  SHOAL_CHECK(!protocols_.empty());
}

Bytes Dialer::start() {
  Bytes out;
  append_line(out, kHeader);
  append_line(out, protocol());
  return out;
}

Bytes Dialer::receive(ByteView& received) {
  Bytes out;
  while (progress_ == Progress::pending) {
    const auto line = reader_.take(received);
    if (!line) break;
    answer_line(*line, out);
  }
  return out;
}

void Dialer::answer_line(const std::string& line, Bytes& out) {
  if (!header_received_) {
    if (line != kHeader) {
      throw Error(ErrorCode::malformed, "the program at that address does not speak libp2p");
    }
    header_received_ = true;
  } else if (line == protocol()) {
    progress_ = Progress::agreed;
  } else if (line != kNotAvailable) {
    throw Error(ErrorCode::malformed,
                "the peer answered a protocol proposal with neither the protocol nor 'na'");
  } else if (proposed_ + 1 == protocols_.size()) {
    progress_ = Progress::failed;
  } else {
    ++proposed_;
    append_line(out, protocol());
  }
}

}  // namespace shoal::multistream
