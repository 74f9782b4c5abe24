#include "content/store/index_copy.h"

#include <algorithm>
#include <array>

#include "content/store/block_store.h"
#include "content/store/index_look.h"

namespace shoal::content {

namespace {

constexpr int kCopyTries = 3;
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
constexpr std::array<const char*, 2> kParts = {kIndexWalSuffix, ""};

std::string part(const std::string& folder, const char* suffix) {
  return folder + "/" + kIndexName + suffix;
}

void copy_file(Storage& storage, const std::string& from, const std::string& to) {
  storage.remove(to);
  if (!storage.info(from)) return;
  const auto source = storage.open(from, Access::read);
  const auto target = storage.open(to, Access::create_new);
  Bytes piece(kPieceBytes);
  for (std::uint64_t at = 0;; at += piece.size()) {
    piece.resize(source->read_at(at, piece));
    if (piece.empty()) return;
    target->write_at(at, piece);
  }
}

}  // namespace

bool has_index(Storage& storage, const std::string& folder) {
  return storage.info(part(folder, "")).has_value();
}

/// The log first: alone, it would be taken for that of another database.
void remove_index(Storage& storage, const std::string& folder) {
  for (const char* suffix : kParts) storage.remove(part(folder, suffix));
}

void copy_index(Storage& storage, const std::string& from, const std::string& to) {
  if (has_index(storage, to) || !has_index(storage, from)) return;
  const std::string fresh = to + "/copy";
  storage.make_folder(fresh);
  for (int tries = 0; tries < kCopyTries; ++tries) {
    const IndexLook before = IndexLook::at(storage, part(from, ""));
    for (const char* suffix : kParts) copy_file(storage, part(from, suffix), part(fresh, suffix));
    if (IndexLook::at(storage, part(from, "")) != before) continue;
    for (const char* suffix : kParts) {
      storage.remove(part(to, suffix));
      if (storage.info(part(fresh, suffix))) {
        storage.rename(part(fresh, suffix), part(to, suffix), true);
      }
    }
    break;
  }
  storage.remove_tree(fresh);
}

}  // namespace shoal::content
