#include "content/transfer/trial.h"

#include <utility>

#include "base/error.h"
#include "content/transfer/partial_tree.h"

namespace shoal::content {

namespace {

// What the most modest file systems in use take. A bigger file is made for the trial, as a hole.
constexpr std::uint64_t kAlwaysFits = (std::uint64_t{1} << 31) - 1;

}  // namespace

Trial::Trial(Folder& folder, std::string name) : folder_(folder), name_(std::move(name)) {}

Trial::~Trial() {
  if (!made_) return;
  try {
    folder_.remove_tree(name_);
  } catch (const Error&) {
    // The next run removes it.
  }
}

std::optional<std::string> Trial::refusal(const std::string& name, FileKind kind,
                                          std::uint64_t size) {
  const std::string at = join_path(name_, name);
  try {
    if (!std::exchange(made_, true)) folder_.make_folder(name_);
    make(at, kind, size);
    folder_.remove(at);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::unsupported) {
      try {
        folder_.remove(at);
      } catch (const Error&) {
        // It was not made.
      }
      return error.message();
    }
  }
  return std::nullopt;
}

void Trial::make(const std::string& at, FileKind kind, std::uint64_t size) {
  switch (kind) {
    case FileKind::folder:
      folder_.make_folder(at);
      return;
    case FileKind::symlink:
      folder_.make_link("x", at);
      return;
    case FileKind::file:
    case FileKind::other:
      break;
  }
  const auto file = folder_.open(at, Access::create_new);
  if (size > kAlwaysFits) file->truncate(size);
}

}  // namespace shoal::content
