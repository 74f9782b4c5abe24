#include "system/os/random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/error.h"

namespace shoal::os {

void KernelRandom::fill(MutableBytes out) {
  while (!out.empty()) {
    const auto got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(ErrorCode::failed, "the kernel gives no random numbers");
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace shoal::os
