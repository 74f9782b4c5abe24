#include "system/sim/content.h"

#include <algorithm>

namespace shoal::sim {

Content Content::of(ByteView bytes) {
  Content out;
  out.write(0, bytes);
  return out;
}

Content::PagePtr Content::page(std::uint64_t number) const {
  const PagePtr* found = find(number);
  return found == nullptr ? nullptr : *found;
}

const Content::PagePtr* Content::find(std::uint64_t number) const {
  const auto group = groups_.find(number / kGroupPages);
  return group == groups_.end() ? nullptr : group->second->find(number);
}

Content::Group& Content::group_to_write(std::uint64_t number) {
  GroupPtr& group = groups_[number / kGroupPages];
  if (group == nullptr) {
    group = std::make_shared<Group>();
  } else if (group.use_count() > 1) {
    group = std::make_shared<Group>(*group);
  }
  return *group;
}

void Content::set_page(std::uint64_t number, PagePtr page) {
  if (page == nullptr && this->page(number) == nullptr) return;
  Group& group = group_to_write(number);
  PagePtr& slot = group.at(number);
  const std::uint32_t before = slot != nullptr ? 1 : 0;
  const std::uint32_t after = page != nullptr ? 1 : 0;
  slot = std::move(page);
  group.held += after - before;
  page_count_ += after;
  page_count_ -= before;
  if (group.held == 0) groups_.erase(number / kGroupPages);
}

Content::Page& Content::page_to_write(std::uint64_t number) {
  PagePtr& slot = group_to_write(number).at(number);
  if (slot == nullptr) {
    slot = std::make_shared<Page>();
    ++group_to_write(number).held;
    ++page_count_;
  } else if (slot.use_count() > 1) {
    slot = std::make_shared<Page>(*slot);
  }
  return *slot;
}

std::size_t Content::read(std::uint64_t offset, MutableBytes into) const {
  if (offset >= size_) return 0;
  const std::size_t total = std::min<std::uint64_t>(into.size(), size_ - offset);
  into = into.first(total);
  while (!into.empty()) {
    const std::size_t within = offset % kPageBytes;
    const std::size_t count = std::min(into.size(), kPageBytes - within);
    const PagePtr* found = find(offset / kPageBytes);
    if (found != nullptr && *found != nullptr) {
      std::copy_n((*found)->begin() + within, count, into.begin());
    } else {
      std::fill_n(into.begin(), count, std::uint8_t{0});
    }
    into = into.subspan(count);
    offset += count;
  }
  return total;
}

void Content::write(std::uint64_t offset, ByteView bytes) {
  size_ = std::max(size_, bytes.empty() ? 0 : offset + bytes.size());
  while (!bytes.empty()) {
    const std::size_t within = offset % kPageBytes;
    const std::size_t count = std::min(bytes.size(), kPageBytes - within);
    std::copy_n(bytes.begin(), count, page_to_write(offset / kPageBytes).begin() + within);
    bytes = bytes.subspan(count);
    offset += count;
  }
}

void Content::drop_pages_from(std::uint64_t first) {
  const std::uint64_t group_number = first / kGroupPages;
  const std::uint64_t group_end = (group_number + 1) * kGroupPages;
  if (groups_.contains(group_number)) {
    for (std::uint64_t number = first; number < group_end; ++number) set_page(number, nullptr);
  }
  while (!groups_.empty() && groups_.rbegin()->first > group_number) {
    page_count_ -= groups_.rbegin()->second->held;
    groups_.erase(std::prev(groups_.end()));
  }
}

void Content::resize(std::uint64_t size) {
  if (size < size_) {
    drop_pages_from((size + kPageBytes - 1) / kPageBytes);
    if (size % kPageBytes != 0 && page(size / kPageBytes) != nullptr) {
      Page& last = page_to_write(size / kPageBytes);
      std::fill(last.begin() + size % kPageBytes, last.end(), std::uint8_t{0});
    }
  }
  size_ = size;
}

std::optional<std::uint64_t> Content::next_data(std::uint64_t offset) const {
  const std::uint64_t first = offset / kPageBytes;
  for (auto group = groups_.lower_bound(first / kGroupPages); group != groups_.end(); ++group) {
    for (std::uint64_t i = 0; i < group->second->pages.size(); ++i) {
      const std::uint64_t number = group->first * kGroupPages + i;
      if (number < first || group->second->pages[i] == nullptr) continue;
      const std::uint64_t at = std::max(offset, number * kPageBytes);
      if (at >= size_) return std::nullopt;
      return at;
    }
  }
  return std::nullopt;
}

std::uint64_t Content::missing_pages(std::uint64_t offset, std::uint64_t bytes) const {
  if (bytes == 0) return 0;
  std::uint64_t missing = 0;
  for (auto i = offset / kPageBytes; i <= (offset + bytes - 1) / kPageBytes; ++i) {
    if (page(i) == nullptr) ++missing;
  }
  return missing;
}

}  // namespace shoal::sim
