#include "system/sim/host_storage.h"

#include <utility>

#include "system/sim/storage_errors.h"

namespace shoal::sim {

namespace {

class Lock final : public FileLock {
 public:
  Lock(Disk& disk, std::uint32_t life, NodePtr node)
      : disk_(disk), life_(life), node_(std::move(node)) {}
  ~Lock() override {
    if (disk_.alive(life_)) disk_.unlock(*node_);
  }

 private:
  Disk& disk_;
  std::uint32_t life_;
  NodePtr node_;
};

}  // namespace

HostStorage::HostStorage(Disk& disk, std::uint32_t life)
    : disk_(disk), life_(life), root_(disk, life, disk.root(), false) {}

std::string HostStorage::absolute(std::string_view path) {
  try {
    return root_.resolve(path, HostFolder::LastLink::follow).absolute;
  } catch (const Absent&) {
  }
  // As far as it exists: the rest is taken as it stands.
  std::string_view parent = path;
  while (parent.ends_with('/')) parent.remove_suffix(1);
  const std::size_t slash = parent.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? parent : parent.substr(slash + 1);
  parent = slash == std::string_view::npos ? std::string_view() : parent.substr(0, slash);
  const std::string above = absolute(parent);
  return above == "/" ? "/" + std::string(name) : above + "/" + std::string(name);
}

std::unique_ptr<FileLock> HostStorage::lock(std::string_view path) {
  disk_.inject("storage.lock", path);
  NodePtr node = root_.open_node(path, Access::create);
  if (!disk_.lock(*node)) {
    throw Error(ErrorCode::locked, "held by " + disk_.owner(), std::string(path));
  }
  return std::make_unique<Lock>(disk_, life_, std::move(node));
}

std::optional<LockHolder> HostStorage::lock_holder(std::string_view path) {
  if (!root_.info(path)) return std::nullopt;
  if (!disk_.locked(*root_.open_node(path, Access::read))) return std::nullopt;
  return LockHolder{.process = std::to_string(life_), .command = disk_.owner()};
}

}  // namespace shoal::sim
