#include "content/import/own_home.h"

namespace shoal::content {

OwnHome::OwnHome(Storage& storage, const std::string& path) {
  if (!path.empty()) home_ = storage.info(storage.absolute(path));
}

bool OwnHome::is(const FileInfo& info) const {
  return home_ && info.device == home_->device && info.inode == home_->inode;
}

bool OwnHome::holds(Storage& storage, std::string path) const {
  for (; !path.empty(); path.resize(path.rfind('/'))) {
    const auto info = storage.info(path);
    if (info && is(*info)) return true;
  }
  return false;
}

}  // namespace shoal::content
