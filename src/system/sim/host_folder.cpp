#include "system/sim/host_folder.h"

#include <utility>

#include "system/sim/host_file.h"
#include "system/sim/storage_errors.h"

namespace shoal::sim {

namespace {

constexpr std::size_t kMaxNameBytes = 255;
constexpr int kMaxLinks = 40;

[[noreturn]] void throw_absent(std::string_view path) {
  throw Absent(path);
}

[[noreturn]] void not_empty(std::string_view path) {
  throw Error(ErrorCode::exists, "the folder is not empty", std::string(path));
}

bool is_folder(const NodePtr& node) {
  return node != nullptr && node->kind == FileKind::folder;
}

void check_changeable(const NodePtr& folder, std::string_view path) {
  if ((folder->mode & 0200) == 0) io_failure("no right to change this folder", path);
}

/// The names of a path, last first, so that a link's can be put before what follows it.
std::vector<std::string> names_reversed(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    const std::string_view name = path.substr(begin);
    if (!name.empty() && name != ".") out.emplace_back(name);
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
  return out;
}

void check_path(std::string_view path) {
  if (path.find('\0') != std::string_view::npos)
    io_failure("a path must not contain a zero byte", path);
}

}  // namespace

// --- paths ----------------------------------------------------------------------------------

struct HostFolder::Walk {
  std::string_view path;
  std::vector<std::string> left;                    // reversed
  std::vector<std::pair<std::string, NodePtr>> at;  // below the base
  NodePtr base;
  Place end;
  int links = 0;

  const NodePtr& here() const { return at.empty() ? base : at.back().second; }
};

HostFolder::HostFolder(Disk& disk, std::uint32_t life, NodePtr base, bool confined)
    : disk_(disk), life_(life), base_(std::move(base)), confined_(confined) {}

void HostFolder::check_alive(std::string_view path) const {
  if (!disk_.alive(life_)) io_failure("this host has crashed", path);
}

void HostFolder::step(Walk& walk, const std::string& name, bool last, LastLink links) const {
  if (name == "..") {
    if (confined_) io_failure("the path leads out of its folder", walk.path);
    if (!walk.at.empty()) walk.at.pop_back();
    return;
  }
  if (name.size() > kMaxNameBytes) io_failure("a name in the path is too long", walk.path);
  const NodePtr folder = walk.here();
  if (!is_folder(folder)) io_failure("a part of the path is not a folder", walk.path);
  const auto found = disk_.find_entry(*folder, name);
  const NodePtr node = found == folder->entries.end() ? nullptr : found->second;
  const bool is_link = node != nullptr && node->kind == FileKind::symlink;
  if (is_link && !(last && links == LastLink::keep)) {
    if (confined_) io_failure("the path leads over a symlink", walk.path);
    if (++walk.links > kMaxLinks) io_failure("too many symlinks", walk.path);
    if (node->target.starts_with('/')) walk.at.clear();
    auto names = names_reversed(node->target);
    walk.left.insert(walk.left.end(), names.begin(), names.end());
    return;
  }
  if (node == nullptr && !last) throw_absent(walk.path);
  const std::string& real_name = node == nullptr ? name : found->first;
  if (last) walk.end = {.folder = folder, .name = real_name, .node = node, .absolute = {}};
  walk.at.emplace_back(real_name, node);
}

HostFolder::Place HostFolder::resolve(std::string_view path, LastLink last) const {
  check_alive(path);
  check_path(path);
  if (confined_ && path.starts_with('/')) io_failure("the path leads out of its folder", path);
  Walk walk{.path = path, .left = names_reversed(path), .at = {}, .base = base_, .end = {}};
  while (!walk.left.empty()) {
    const std::string name = std::move(walk.left.back());
    walk.left.pop_back();
    walk.end = {};
    step(walk, name, walk.left.empty(), last);
  }
  if (walk.end.folder == nullptr) {
    // The path ended in "..", or is the base: a folder, whatever its name.
    walk.end.node = walk.here();
  }
  for (const auto& [name, node] : walk.at) walk.end.absolute += "/" + name;
  if (walk.at.empty()) walk.end.absolute = "/";
  return walk.end;
}

NodePtr HostFolder::existing(std::string_view path, LastLink last) const {
  NodePtr node = resolve(path, last).node;
  if (node == nullptr) throw_absent(path);
  return node;
}

NodePtr HostFolder::existing_folder(std::string_view path) const {
  NodePtr node = existing(path, LastLink::follow);
  if (!is_folder(node)) io_failure("not a folder", path);
  return node;
}

// --- files ----------------------------------------------------------------------------------

NodePtr HostFolder::open_node(std::string_view path, Access access) {
  const bool create = access == Access::create || access == Access::create_new;
  const Place place =
      resolve(path, access == Access::create_new ? LastLink::keep : LastLink::follow);
  if (place.node != nullptr && access == Access::create_new) {
    throw Error(ErrorCode::exists, "there is something of this name", std::string(path));
  }
  if (place.node != nullptr) return place.node;
  if (!create) throw_absent(path);
  check_new_name(place, path);
  NodePtr node = disk_.make_node(FileKind::file, 0644);
  disk_.set_entry(place.folder, place.name, node);
  return node;
}

std::unique_ptr<File> HostFolder::open(std::string_view path, Access access) {
  check_alive(path);
  disk_.inject("storage.open", path);
  NodePtr node = open_node(path, access);
  if (node->kind != FileKind::file) io_failure("not a regular file", path);
  const bool writable = access != Access::read;
  if ((node->mode & 0400) == 0) io_failure("no right to read this file", path);
  if (writable && (node->mode & 0200) == 0) io_failure("no right to change this file", path);
  return std::make_unique<HostFile>(disk_, life_, std::move(node), std::string(path), writable);
}

std::optional<FileInfo> HostFolder::info(std::string_view path) {
  disk_.inject("storage.info", path);
  try {
    const Place place = resolve(path, LastLink::keep);
    if (place.node == nullptr) return std::nullopt;
    return disk_.info(*place.node);
  } catch (const Absent&) {
    return std::nullopt;
  }
}

std::string HostFolder::read_link(std::string_view path) {
  const NodePtr node = existing(path, LastLink::keep);
  if (node->kind != FileKind::symlink) io_failure("not a symlink", path);
  return node->target;
}

// --- names ----------------------------------------------------------------------------------

void HostFolder::check_new_name(const Place& place, std::string_view path) const {
  if (place.name.find_first_of(disk_.rules().refused_characters) != std::string::npos) {
    throw Error(ErrorCode::unsupported, "this file system does not allow the name",
                std::string(path));
  }
  check_changeable(place.folder, path);
}

std::vector<FolderEntry> HostFolder::list(std::string_view path) {
  disk_.inject("storage.list", path);
  std::vector<FolderEntry> out;
  const NodePtr folder = existing_folder(path);
  if ((folder->mode & 0400) == 0) io_failure("no right to look into this folder", path);
  for (const auto& [name, node] : folder->entries) {
    out.push_back({.name = name, .kind = node->kind});
  }
  return out;
}

void HostFolder::make_link(std::string_view target, std::string_view path) {
  const Place place = resolve(path, LastLink::keep);
  if (place.node != nullptr) {
    throw Error(ErrorCode::exists, "there is something of this name", std::string(path));
  }
  if (!disk_.rules().has_symlinks) {
    throw Error(ErrorCode::unsupported, "this file system has no symlinks", std::string(path));
  }
  check_new_name(place, path);
  NodePtr node = disk_.make_node(FileKind::symlink, 0777);
  node->target = target;
  disk_.set_entry(place.folder, place.name, std::move(node));
}

void HostFolder::make_folder(std::string_view path) {
  disk_.inject("storage.make_folder", path);
  const Place place = resolve(path, LastLink::follow);
  if (is_folder(place.node)) return;
  if (place.node != nullptr) {
    throw Error(ErrorCode::exists, "there is a file of this name", std::string(path));
  }
  check_new_name(place, path);
  disk_.set_entry(place.folder, place.name, disk_.make_node(FileKind::folder, 0755));
}

void HostFolder::rename(std::string_view from, std::string_view to, bool replace) {
  disk_.inject("storage.rename", from);
  const Place source = resolve(from, LastLink::keep);
  const Place target = resolve(to, LastLink::keep);
  if (source.node == nullptr) throw_absent(from);
  if (source.folder == nullptr || target.folder == nullptr)
    io_failure("cannot rename a root", from);
  if (target.node != nullptr && !replace) {
    throw Error(ErrorCode::exists, "there is something of this name", std::string(to));
  }
  if (source.node == target.node) return;
  const bool into_itself = target.absolute.starts_with(source.absolute + "/");
  if (into_itself) io_failure("cannot move a folder into itself", to);
  const bool kinds_differ =
      target.node != nullptr && is_folder(source.node) != is_folder(target.node);
  if (kinds_differ) io_failure("a folder and a file cannot replace each other", to);
  if (is_folder(target.node) && !target.node->entries.empty()) not_empty(to);
  check_changeable(source.folder, from);
  check_changeable(target.folder, to);
  disk_.rename(source.folder, source.name, target.folder, target.name);
}

void HostFolder::remove(std::string_view path) {
  disk_.inject("storage.remove", path);
  const Place place = resolve(path, LastLink::keep);
  if (place.node == nullptr) return;
  if (place.folder == nullptr) io_failure("cannot remove a root", path);
  if (!place.node->entries.empty()) not_empty(path);
  check_changeable(place.folder, path);
  disk_.set_entry(place.folder, place.name, nullptr);
}

bool HostFolder::exchange(std::string_view one, std::string_view other) {
  disk_.inject("storage.rename", one);
  const Place first = resolve(one, LastLink::keep);
  const Place second = resolve(other, LastLink::keep);
  if (first.node == nullptr) throw_absent(one);
  if (second.node == nullptr) throw_absent(other);
  if (first.folder == nullptr || second.folder == nullptr) io_failure("cannot rename a root", one);
  if (!disk_.rules().has_exchange) return false;
  check_changeable(first.folder, one);
  check_changeable(second.folder, other);
  disk_.exchange(first.folder, first.name, second.folder, second.name);
  return true;
}

void HostFolder::remove_below(const NodePtr& folder, std::string_view path,
                              std::optional<Error>& failure) {
  try {
    if (folder->mounted) io_failure("another file system is mounted there", path);
    if (!folder->entries.empty()) check_changeable(folder, path);
  } catch (const Error& error) {
    if (!failure) failure = error;
    return;
  }
  const auto entries = folder->entries;
  for (const auto& [name, node] : entries) {
    if (is_folder(node)) remove_below(node, std::string(path) + "/" + name, failure);
    if (node->entries.empty() && !node->mounted) disk_.set_entry(folder, name, nullptr);
  }
}

void HostFolder::remove_tree(std::string_view path) {
  if (!info(path)) return;
  const NodePtr node = existing(path, LastLink::keep);
  std::optional<Error> failure;
  if (is_folder(node)) remove_below(node, path, failure);
  if (failure) throw Error(*failure);
  remove(path);
}

bool HostFolder::is_mount_point(std::string_view path) {
  try {
    const Place place = resolve(path, LastLink::keep);
    return place.node != nullptr && place.node->mounted;
  } catch (const Absent&) {
    return false;
  }
}

bool HostFolder::set_attribute(std::string_view folder, std::string_view name,
                               std::string_view value) {
  const NodePtr node = existing_folder(folder);
  if (!disk_.rules().has_attributes) return false;
  node->attributes.insert_or_assign(std::string(name), std::string(value));
  return true;
}

std::optional<std::string> HostFolder::attribute(std::string_view folder, std::string_view name) {
  try {
    const NodePtr node = existing_folder(folder);
    const auto found = node->attributes.find(name);
    return found == node->attributes.end() ? std::nullopt : std::optional(found->second);
  } catch (const Absent&) {
    return std::nullopt;
  }
}

void HostFolder::set_mode(std::string_view path, std::uint32_t mode) {
  disk_.set_mode(*existing(path, LastLink::follow), mode);
}

void HostFolder::set_mtime(std::string_view path, WallTime mtime) {
  disk_.set_mtime(*existing(path, LastLink::keep), mtime);
}

void HostFolder::sync_names(std::string_view path) {
  const NodePtr folder = existing_folder(path);
  disk_.inject("storage.sync", path);
  disk_.sync_names(folder);
}

void HostFolder::sync_all() {
  check_alive("/");
  disk_.sync_all("/");
}

std::uint64_t HostFolder::free_bytes() {
  check_alive("/");
  return disk_.free_bytes();
}

std::unique_ptr<Folder> HostFolder::confined(std::string_view path) {
  return std::make_unique<HostFolder>(disk_, life_, existing_folder(path), true);
}

}  // namespace shoal::sim
