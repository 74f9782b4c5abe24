#include "content/transfer/target_swap.h"

#include <utility>
#include <vector>

#include "content/import/own_home.h"
#include "content/partial_name.h"
#include "content/transfer/partial_tree.h"

namespace shoal::content {

namespace {

// So many old targets that cannot be deleted may lie beside one name.
constexpr unsigned kMostOldTargets = 16;

constexpr const char* kIdentityName = "identity.key";

Error home_in_the_way(const std::string& path) {
  return Error(ErrorCode::io, "a node's home with its key is there, which is never replaced", path,
               "choose another place with -o");
}

Error mount_in_the_way(const std::string& path) {
  return Error(ErrorCode::io, "another file system is mounted there, which is never replaced", path,
               "unmount it, or choose another place with -o");
}

/// What nobody may look into cannot be deleted either.
bool is_home(Folder& folder, const std::string& at) {
  try {
    const auto key = folder.info(at.empty() ? kIdentityName : join_path(at, kIdentityName));
    return key && key->kind == FileKind::file;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

TargetSwap::TargetSwap(Folder& folder, std::string name, const Cid& cid)
    : folder_(folder),
      name_(std::move(name)),
      cid_(cid),
      partial_(partial_name(name_, cid_)),
      kept_(kept_target_name(name_, cid_)) {}

bool TargetSwap::has_leftovers() const {
  const std::string trial = trial_name(name_, cid_);
  try {
    for (const FolderEntry& entry : folder_.list("")) {
      if (entry.name == kept_ || entry.name == trial) return true;
      if (is_old_target_of(entry.name, name_)) return true;
    }
  } catch (const Error&) {
    // A folder may be for writing only.
  }
  return false;
}

void TargetSwap::recover() {
  if (folder_.info(kept_)) {
    const bool replaced = folder_.info(name_).has_value();
    folder_.rename(kept_, replaced ? free_old_name() : name_, false);
  }
  for (const FolderEntry& entry : folder_.list("")) {
    const bool is_old = is_old_target_of(entry.name, name_);
    if (!is_old && entry.name != trial_name(name_, cid_)) continue;
    try {
      folder_.remove_tree(entry.name);
    } catch (const Error&) {
      // Its user was told when it was set aside.
    }
  }
}

std::string TargetSwap::free_old_name() const {
  for (unsigned number = 0; number < kMostOldTargets; ++number) {
    std::string name = old_target_name(name_, cid_, number);
    if (!folder_.info(name)) return name;
  }
  throw Error(ErrorCode::io, "too many old targets that could not be deleted are left here",
              old_target_name(name_, cid_, 0), "delete them first");
}

void TargetSwap::place(bool replace) {
  // A file takes the name of a file in one step, without a trace.
  const bool plain = !is_folder(folder_, name_) && !is_folder(folder_, partial_);
  if (!replace || plain || !folder_.info(name_)) {
    folder_.rename(partial_, name_, replace && plain);
    return;
  }
  const std::string old = free_old_name();
  if (folder_.exchange(partial_, name_)) {
    old_ = partial_;
    folder_.rename(partial_, old, false);
    old_ = old;
    return;
  }
  set_aside_and_place();
  old_ = kept_;
  folder_.rename(kept_, old, false);
  old_ = old;
}

void TargetSwap::set_aside_and_place() {
  folder_.rename(name_, kept_, false);
  try {
    folder_.rename(partial_, name_, false);
  } catch (const Error&) {
    folder_.rename(kept_, name_, false);
    throw;
  }
}

std::optional<Error> TargetSwap::remove_old() {
  if (old_.empty()) return std::nullopt;
  try {
    folder_.remove_tree(old_);
    old_.clear();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

void check_replaceable(Storage& storage, Folder& folder, const std::string& folder_path,
                       const std::string& name, const std::string& home) {
  const OwnHome own(storage, home);
  if (own.holds(storage, folder_path) || is_home(folder, "")) throw home_in_the_way(folder_path);
  std::vector<std::string> left = {name};
  while (!left.empty()) {
    const std::string at = std::move(left.back());
    left.pop_back();
    const std::string shown = join_path(folder_path, at);
    if (folder.is_mount_point(at)) throw mount_in_the_way(shown);
    if (!is_folder(folder, at)) continue;
    const auto info = folder.info(at);
    if (is_home(folder, at) || (info && own.is(*info))) throw home_in_the_way(shown);
    try {
      for (const FolderEntry& entry : folder.list(at)) left.push_back(join_path(at, entry.name));
    } catch (const Error&) {
      // Nor can what is in it.
    }
  }
}

}  // namespace shoal::content
