#include "system/whole_file.h"

#include "base/error.h"

namespace shoal {

std::optional<Bytes> read_whole(Storage& storage, const std::string& path, std::size_t max_bytes) {
  if (!storage.info(path)) return std::nullopt;
  const auto file = storage.open(path, Access::read);
  const std::uint64_t size = file->info().size;
  if (size > max_bytes) throw Error(ErrorCode::limit, "the file is too large", path);
  Bytes out(size);
  out.resize(file->read_at(0, out));
  return out;
}

void replace_whole(Storage& storage, const std::string& path, ByteView content) {
  const std::string fresh = path + ".new";
  storage.remove(fresh);
  storage.open(fresh, Access::create_new)->write_at(0, content);
  storage.rename(fresh, path, true);
}

}  // namespace shoal
