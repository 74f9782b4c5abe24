#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "system/network.h"

namespace shoal::net::testing {

/// What happened to a ScriptedStream. Outlives it.
struct Script {
  std::deque<Bytes> incoming;      // one read gives at most one of them; then the stream ends
  bool breaks = false;             // at its end: Error{closed} instead
  std::vector<std::size_t> asked;  // the size of each read
  std::vector<Bytes> written;      // what each write carried
  std::size_t pieces_written = 0;
  bool write_closed = false;
  bool aborted = false;
};

/// A stream whose other side is a script.
class ScriptedStream final : public Stream {
 public:
  explicit ScriptedStream(Script& script) : script_(script) {}

  Task<std::size_t> read_some(MutableBytes into) override {
    script_.asked.push_back(into.size());
    if (script_.incoming.empty()) {
      if (script_.breaks) throw Error(ErrorCode::closed, "the script breaks here");
      co_return 0;
    }
    Bytes& next = script_.incoming.front();
    const std::size_t count = std::min(into.size(), next.size());
    std::copy_n(next.begin(), count, into.begin());
    next.erase(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(count));
    if (next.empty()) script_.incoming.pop_front();
    co_return count;
  }

  Task<void> write(std::span<const ByteView> pieces) override {
    Bytes all;
    for (const ByteView piece : pieces) append(all, piece);
    script_.pieces_written += pieces.size();
    script_.written.push_back(std::move(all));
    co_return;
  }

  Task<void> close_write() override {
    script_.write_closed = true;
    co_return;
  }

  void abort() noexcept override { script_.aborted = true; }

 private:
  Script& script_;
};

}  // namespace shoal::net::testing
