#include "content/transfer/folder_names.h"

namespace shoal::content {

FolderNames::FolderNames(const std::vector<FolderEntry>& entries) : marked_(entries.size()) {
  ends_.reserve(entries.size());
  for (const FolderEntry& entry : entries) {
    names_ += entry.name;
    ends_.push_back(names_.size());
  }
}

std::string_view FolderNames::at(std::size_t index) const {
  const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
  return std::string_view(names_).substr(begin, ends_[index] - begin);
}

std::size_t FolderNames::find(std::string_view name) const {
  std::size_t low = 0;
  std::size_t high = size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    at(middle) < name ? low = middle + 1 : high = middle;
  }
  return low < size() && at(low) == name ? low : size();
}

bool FolderNames::has(std::string_view name) const {
  return find(name) < size();
}

bool FolderNames::mark(std::string_view name) {
  const std::size_t index = find(name);
  if (index == size() || marked_[index]) return false;
  marked_[index] = true;
  return true;
}

std::vector<std::string> FolderNames::unmarked() const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < size(); ++i) {
    if (!marked_[i]) out.emplace_back(at(i));
  }
  return out;
}

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

}  // namespace shoal::content
