#pragma once

#include <memory>
#include <utility>

#include "base/error.h"
#include "base/subscription.h"
#include "library/loop.h"

namespace shoal::library {

/// Calls `add`, which subscribes to something, on the loop, from any thread; the subscription that
/// it gives may end on any thread, too. Throws what `add` throws, and Error{closed} at the end of
/// the loop.
template <class Add>
Subscription subscribe(const std::shared_ptr<Loop>& loop, Add add) {
  const auto inner = std::make_shared<Subscription>();
  call(*loop, [&inner, &add] { *inner = add(); });
  return Subscription([loop, inner] {
    try {
      call(*loop, [&inner] { inner->end(); });
    } catch (const Error&) {
      // The loop has ended: nobody calls it any more.
    }
  });
}

}  // namespace shoal::library
