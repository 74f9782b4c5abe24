#include <cstdint>

#include "base/error.h"
#include "protocol/kad/saved_providers.h"

// A damaged snapshot: frames within their bounds, the same again when written, and a store that
// takes them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  ByteView rest{data, size};
  while (const auto frame = kad::take_frame(rest)) {
    SHOAL_CHECK(frame->saved.contents.size() <= kad::kMaxContentsPerFrame);
    SHOAL_CHECK(frame->saved.addresses.size() <= kad::ProviderStore::kMaxAddresses);
    if (frame->saved.contents.empty()) continue;
    Bytes bytes;
    kad::append_frames(bytes, frame->saved, frame->written_at);
    ByteView again = bytes;
    const auto same = kad::take_frame(again);
    SHOAL_CHECK(same && same->saved == frame->saved && same->written_at == frame->written_at);
  }
  kad::ProviderStore store({.units = 100});
  kad::restore(store, {data, size}, TimePoint{}, WallTime{});
  SHOAL_CHECK(store.units_used() <= 100);
  return 0;
}
