#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"

namespace shoal {

/// At most 255 immutable bytes, up to 47 of them without an allocation: what multihashes are kept
/// in, since they are copied and looked up by the thousand.
class SmallBytes {
 public:
  static constexpr std::size_t kInlineBytes = 47;
  static constexpr std::size_t kMaxBytes = 255;

  SmallBytes() = default;
  explicit SmallBytes(ByteView bytes) {
    SHOAL_CHECK(bytes.size() <= kMaxBytes);
    size_ = static_cast<std::uint8_t>(bytes.size());
    std::uint8_t* target = storage_.data();
    if (!is_inline()) {
      target = new std::uint8_t[bytes.size()];
      std::memcpy(storage_.data(), &target, sizeof target);
    }
    if (!bytes.empty()) std::memcpy(target, bytes.data(), bytes.size());
  }
  SmallBytes(const SmallBytes& other) : size_(other.size_) {
    if (is_inline()) {
      storage_ = other.storage_;
    } else {
      SmallBytes copy(other.view());
      storage_ = copy.storage_;
      copy.size_ = 0;
    }
  }
  SmallBytes(SmallBytes&& other) noexcept
      : storage_(other.storage_), size_(std::exchange(other.size_, std::uint8_t{0})) {}
  SmallBytes& operator=(SmallBytes other) noexcept {
    std::swap(storage_, other.storage_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~SmallBytes() {
    if (!is_inline()) delete[] heap();
  }

  ByteView view() const { return {is_inline() ? storage_.data() : heap(), size_}; }

 private:
  bool is_inline() const { return size_ <= kInlineBytes; }
  std::uint8_t* heap() const {
    std::uint8_t* pointer = nullptr;
    std::memcpy(&pointer, storage_.data(), sizeof pointer);
    return pointer;
  }

  std::array<std::uint8_t, kInlineBytes> storage_{};  // or, in its first bytes, the pointer
  std::uint8_t size_ = 0;
};

static_assert(sizeof(SmallBytes) == 48);

/// For hash tables of digests: their last eight bytes, because ids of keys begin alike.
inline std::size_t hash_of_tail(ByteView bytes) {
  std::uint64_t value = 0;
  const std::size_t count = std::min(bytes.size(), sizeof value);
  if (count != 0) std::memcpy(&value, bytes.data() + (bytes.size() - count), count);
  return static_cast<std::size_t>(value ^ bytes.size());
}

}  // namespace shoal
