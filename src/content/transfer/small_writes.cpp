#include "content/transfer/small_writes.h"

#include <algorithm>
#include <utility>

#include "system/offload.h"

namespace shoal::content {

Task<void> SmallWrites::run(std::move_only_function<void()> work) {
  const auto piece = std::make_shared<Piece>(system_.waits, std::move(work));
  waiting_.push_back(piece);
  while (!piece->done) {
    if (trips_ < kTrips && !waiting_.empty()) {
      co_await make_trip();
    } else {
      co_await piece->changed.wait();
    }
  }
  if (piece->failure) std::rethrow_exception(piece->failure);
}

/// With what waits, by whoever comes by.
Task<void> SmallWrites::make_trip() {
  const std::size_t count = std::min(waiting_.size(), kTogether);
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  const std::vector<PiecePtr> pieces(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  ++trips_;
  const auto work = [&pieces] {
    for (const PiecePtr& piece : pieces) {
      try {
        piece->work();
      } catch (...) {
        piece->failure = std::current_exception();
      }
    }
  };
  std::exception_ptr failure;  // it did not begin
  try {
    co_await offload(system_.offload, work);
  } catch (...) {
    failure = std::current_exception();
  }
  --trips_;
  for (const PiecePtr& piece : pieces) {
    if (failure) piece->failure = failure;
    piece->done = true;
    piece->changed.notify_all();
  }
  if (!waiting_.empty()) waiting_.front()->changed.notify_all();
}

}  // namespace shoal::content
