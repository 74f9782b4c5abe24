#include "content/store/index_look.h"

#include "content/store/block_store.h"

namespace shoal::content {

IndexLook IndexLook::at(Storage& storage, const std::string& path) {
  IndexLook look;
  const std::string wal = path + kIndexWalSuffix;
  if (const auto info = storage.info(path)) look.stamps[0] = FileStamp::of(*info);
  if (const auto info = storage.info(wal)) {
    look.stamps[1] = FileStamp::of(*info);
    storage.open(wal, Access::read)->read_at(0, look.wal_header);
  }
  return look;
}

}  // namespace shoal::content
