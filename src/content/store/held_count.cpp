#include "content/store/held_count.h"

#include <algorithm>

#include "base/error.h"
#include "system/offload.h"

namespace shoal::content {

namespace {

constexpr std::size_t kFilesAJob = 1000;
// Remembered at once, some 300 bytes each.
constexpr std::size_t kMaxFiles = 10'000;

bool looks_the_same(Storage& storage, const std::string& path, const FileStamp& stamp) {
  try {
    const auto info = storage.info(path);
    // One that is still being written has no look of its own.
    return info && (stamp == kNeverTrusted || stamp.may_be(FileStamp::of(*info)));
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

Task<void> HeldCount::add(const Multihash& hash) {
  const auto where = store_.where(hash);
  if (!where) co_return;
  if (where->empty()) {
    ++in_index_;
    co_return;
  }
  std::vector<FileId> ids;
  for (const BlockStore::HeldIn& file : *where) {
    ids.push_back(file.id);
    files_.try_emplace(file.id, File{.path = file.path, .stamp = file.stamp});
  }
  ++in_files_[std::move(ids)];
  if (files_.size() >= kMaxFiles) co_await count_files();
}

Task<std::uint64_t> HeldCount::count() {
  co_await count_files();
  co_return in_index_ + in_same_files_;
}

Task<void> HeldCount::count_files() {
  co_await look_at_files();
  const auto is_same = [this](FileId id) { return files_.at(id).same; };
  for (const auto& [files, blocks] : in_files_) {
    if (std::ranges::any_of(files, is_same)) in_same_files_ += blocks;
  }
  files_.clear();
  in_files_.clear();
}

Task<void> HeldCount::look_at_files() {
  for (auto next = files_.begin(); next != files_.end();) {
    const auto job = [this, &next] {
      for (std::size_t i = 0; i < kFilesAJob && next != files_.end(); ++i, ++next) {
        File& file = next->second;
        file.same = looks_the_same(system_.storage, file.path, file.stamp);
      }
    };
    co_await offload(system_.offload, job);
  }
}

}  // namespace shoal::content
