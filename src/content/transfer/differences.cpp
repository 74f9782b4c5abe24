#include "content/transfer/differences.h"

#include <utility>

#include "base/error.h"
#include "content/transfer/partial_tree.h"

namespace shoal::content {

void LostFiles::add_all(Folder& folder, const std::string& root, const std::string& path) {
  std::vector<std::string> left = {path};
  while (!left.empty()) {
    const std::string at = std::move(left.back());
    left.pop_back();
    try {
      const auto info = folder.info(join_path(root, at));
      if (!info) continue;
      if (info->kind == FileKind::folder) {
        std::vector<FolderEntry> entries = folder.list(join_path(root, at));
        for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
          left.push_back(at.empty() ? entry->name : join_path(at, entry->name));
        }
        continue;
      }
      ++files;
      bytes += info->size;
      if (first.size() < kNamed) first.push_back(at);
    } catch (const Error&) {
      // Nobody may look there, so nothing is known of it.
    }
  }
}

void LostFiles::add(const LostFiles& more) {
  files += more.files;
  bytes += more.bytes;
  for (const std::string& path : more.first) {
    if (first.size() < kNamed) first.push_back(path);
  }
}

std::string LostFiles::to_text() const {
  if (files == 0) return {};
  std::string out = std::to_string(files) + (files == 1 ? " file" : " files");
  if (first.empty() || first.front().empty()) return out;
  out += " (";
  for (std::size_t i = 0; i < first.size(); ++i) out += (i == 0 ? "" : ", ") + first[i];
  return out + (files > first.size() ? ", …)" : ")");
}

void NotPlacedList::add(std::string path, std::string reason) {
  ++count_;
  if (listed_.size() < kListed) listed_.push_back({std::move(path), std::move(reason)});
}

}  // namespace shoal::content
