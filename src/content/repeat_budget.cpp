#include "content/repeat_budget.h"

#include <algorithm>

namespace shoal::content {

namespace {

constexpr std::size_t kShownPathBytes = 200;
// A node names an entry in less.
constexpr std::uint64_t kNodeBytesPerEntry = 1024;

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  return a + std::min(b, ~std::uint64_t{0} - a);
}

std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b) {
  return a == 0 || b <= ~std::uint64_t{0} / a ? a * b : ~std::uint64_t{0};
}

}  // namespace

bool RepeatBudget::visit(const Cid& cid, std::uint64_t block_bytes) {
  const bool first = seen_.insert(cid.hash().encoded());
  std::uint64_t& sum = first ? first_bytes_ : repeated_bytes_;
  sum = saturating_add(sum, first ? block_bytes : std::max(block_bytes, kVisitBytes));
  return first;
}

void RepeatBudget::add_entries(bool first_visit, std::uint64_t count) {
  std::uint64_t& sum = first_visit ? first_entries_ : repeated_entries_;
  sum = saturating_add(sum, count);
}

void RepeatBudget::add_content(std::uint64_t bytes) {
  content_bytes_ = saturating_add(content_bytes_, bytes);
}

std::uint64_t RepeatBudget::most_repeated_bytes() const {
  std::uint64_t most = saturating_add(saturating_multiply(first_bytes_, kByteFactor), kSpareBytes);
  // Content, and the nodes above it.
  most = saturating_add(most, saturating_multiply(limits_.max_bytes.value_or(0), 2));
  return saturating_add(most,
                        saturating_multiply(limits_.max_entries.value_or(0), kNodeBytesPerEntry));
}

std::uint64_t RepeatBudget::most_repeated_entries() const {
  if (limits_.max_entries) return ~std::uint64_t{0};
  return saturating_add(saturating_multiply(first_entries_, kEntryFactor), kSpareEntries);
}

std::uint64_t RepeatBudget::entries() const {
  return saturating_add(first_entries_, repeated_entries_);
}

bool RepeatBudget::exceeded() const {
  constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};
  return entries() > limits_.max_entries.value_or(kNoLimit) ||
         content_bytes_ > limits_.max_bytes.value_or(kNoLimit) ||
         repeated_entries_ > most_repeated_entries() || repeated_bytes_ > most_repeated_bytes();
}

void RepeatBudget::fail(const Cid& cid, const std::string& path) const {
  constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};
  if (entries() > limits_.max_entries.value_or(kNoLimit)) {
    throw Error(
        ErrorCode::limit,
        "the tree has more than " + std::to_string(*limits_.max_entries) + " files and folders",
        place_in_tree(path, cid), "--max-files N allows more");
  }
  if (content_bytes_ > limits_.max_bytes.value_or(kNoLimit)) {
    throw Error(ErrorCode::limit,
                "the content is larger than " + std::to_string(*limits_.max_bytes) + " bytes",
                place_in_tree(path, cid), "--max-size SIZE allows more");
  }
  if (repeated_entries_ > most_repeated_entries()) {
    throw Error(ErrorCode::limit,
                "the same folders are listed over and over: " + std::to_string(entries()) +
                    " entries so far, of which few differ",
                place_in_tree(path, cid),
                "if you trust the sender, --max-files N allows N entries, repeated or not");
  }
  throw Error(ErrorCode::limit,
              "the same blocks are used over and over: " + std::to_string(repeated_bytes_) +
                  " bytes of copies so far",
              place_in_tree(path, cid),
              "if you trust the sender, --max-size SIZE allows so much, repeated or not");
}

std::string place_in_tree(const std::string& path, const Cid& cid) {
  if (path.empty()) return cid.to_string();
  const bool fits = path.size() <= kShownPathBytes;
  return (fits ? path : "..." + path.substr(path.size() - kShownPathBytes)) + " (" +
         cid.to_string() + ")";
}

Error located(const Error& error, const std::string& path, const Cid& cid) {
  return Error(error.code(), error.message(), place_in_tree(path, cid), error.hint());
}

}  // namespace shoal::content
