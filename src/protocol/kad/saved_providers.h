#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "protocol/kad/provider_store.h"
#include "system/time.h"

namespace shoal::kad {

/// A snapshot of a ProviderStore: frames behind their lengths, each with one provider and up to
/// kMaxContentsPerFrame of its contents, and with the time at which it was written. Frames do not
/// depend on each other, so that a snapshot is written in steps and a damaged one is read as far as
/// it is good.
inline constexpr std::size_t kMaxContentsPerFrame = 16'000;
inline constexpr std::size_t kMaxFrameBytes = 1024 * 1024;

struct SavedFrame {
  ProviderStore::Saved saved;
  WallTime written_at;
};

void append_frames(Bytes& out, const ProviderStore::Saved& saved, WallTime now);
/// Takes the next frame that can be read off the front; none at the end, or where the lengths are
/// damaged. Never throws.
std::optional<SavedFrame> take_frame(ByteView& rest);

/// All of a snapshot into a store, which should be empty. A clock that went back counts as no time
/// away. The number of frames read.
std::size_t restore(ProviderStore& store, ByteView snapshot, TimePoint now, WallTime wall_now);

}  // namespace shoal::kad
