#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace shoal::sim {

/// The bytes of a file, in pages that are shared between copies until one of them writes. Where no
/// page is, there is a hole, which reads as zeros. Copying costs a few bytes per mebibyte.
class Content {
 public:
  static constexpr std::size_t kPageBytes = 4096;
  using Page = std::array<std::uint8_t, kPageBytes>;
  using PagePtr = std::shared_ptr<Page>;

  static Content of(ByteView bytes);

  std::uint64_t size() const { return size_; }
  /// Pages held, holes not counted.
  std::uint64_t page_count() const { return page_count_; }

  /// Bytes read: fewer than asked for only at the end.
  std::size_t read(std::uint64_t offset, MutableBytes into) const;
  void write(std::uint64_t offset, ByteView bytes);
  /// What is cut off reads as zeros when the file grows again.
  void resize(std::uint64_t size);
  /// The first offset at or after `offset` that is not in a hole.
  std::optional<std::uint64_t> next_data(std::uint64_t offset) const;

  /// Null for a hole.
  PagePtr page(std::uint64_t number) const;
  void set_page(std::uint64_t number, PagePtr page);
  /// Sets the size alone, whatever pages there are.
  void set_size(std::uint64_t size) { size_ = size; }
  /// How many new pages a write would need.
  std::uint64_t missing_pages(std::uint64_t offset, std::uint64_t bytes) const;

 private:
  static constexpr std::uint64_t kGroupPages = 256;
  struct Group {
    std::vector<PagePtr> pages;  // as many as the last one that was held asks for
    std::uint32_t held = 0;

    const PagePtr* find(std::uint64_t number) const {
      const std::uint64_t index = number % kGroupPages;
      return index < pages.size() ? &pages[index] : nullptr;
    }
    PagePtr& at(std::uint64_t number) {
      const std::uint64_t index = number % kGroupPages;
      if (index >= pages.size()) pages.resize(index + 1);
      return pages[index];
    }
  };
  using GroupPtr = std::shared_ptr<Group>;

  const PagePtr* find(std::uint64_t number) const;
  Page& page_to_write(std::uint64_t number);
  Group& group_to_write(std::uint64_t number);
  void drop_pages_from(std::uint64_t first);

  std::uint64_t size_ = 0;
  std::uint64_t page_count_ = 0;
  std::map<std::uint64_t, GroupPtr> groups_;
};

}  // namespace shoal::sim
