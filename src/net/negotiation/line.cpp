#include "net/negotiation/line.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/varint.h"

namespace shoal::multistream {

void append_line(Bytes& out, std::string_view text) {
  SHOAL_CHECK(text.size() < kMaxLineBytes && !text.contains('\n'));
  append_varint(out, text.size() + 1);
  append(out, as_bytes(text));
  out.push_back('\n');
}

bool LineReader::take_length(ByteView& received) {
  while (length_ == 0 && !received.empty()) {
    length_encoded_.push_back(received.front());
    received = received.subspan(1);
    ByteView encoded(length_encoded_);
    const auto length = take_varint(encoded);
    if (length == 0)
      throw Error(ErrorCode::malformed, "the peer sent an empty multistream-select line");
    const bool too_long =
        length ? *length > kMaxLineBytes : length_encoded_.size() >= varint_size(kMaxLineBytes);
    if (too_long) {
      throw Error(ErrorCode::limit,
                  "the peer sent a multistream-select line of more than 1024 bytes");
    }
    if (length) length_ = static_cast<std::size_t>(*length);
  }
  return length_ > 0;
}

std::optional<std::string> LineReader::take(ByteView& received) {
  if (!take_length(received)) return std::nullopt;
  const auto text = received.first(std::min(received.size(), length_ - line_.size()));
  line_ += as_text(text);
  received = received.subspan(text.size());
  if (line_.size() < length_) return std::nullopt;

  if (line_.find('\n') != line_.size() - 1) {
    throw Error(ErrorCode::malformed, "the program at that address does not speak libp2p");
  }
  line_.pop_back();
  length_encoded_.clear();
  length_ = 0;
  return std::exchange(line_, {});
}

}  // namespace shoal::multistream
