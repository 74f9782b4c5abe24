#include "content/store/memory_index.h"

#include "base/error.h"

namespace shoal::content {

std::optional<std::uint64_t> MemoryIndex::size(ByteView hash) {
  const auto found = tables_.nodes.find(to_bytes(hash));
  if (found != tables_.nodes.end()) return found->second.size();
  const auto held = extents(hash, 1);
  if (held.empty()) return std::nullopt;
  const Extent& place = held.front();
  return place.length + place.frame.before.size() + place.frame.after.size();
}

bool MemoryIndex::has_node(ByteView hash) {
  return tables_.nodes.contains(to_bytes(hash));
}

std::optional<Bytes> MemoryIndex::node(ByteView hash) {
  const auto found = tables_.nodes.find(to_bytes(hash));
  if (found == tables_.nodes.end()) return std::nullopt;
  return found->second;
}

void MemoryIndex::put_node(ByteView hash, ByteView bytes) {
  tables_.nodes.try_emplace(to_bytes(hash), to_bytes(bytes));
}

void MemoryIndex::forget_node(ByteView hash) {
  tables_.nodes.erase(to_bytes(hash));
  for (auto& [id, file] : tables_.files) file.imports.clear();
}

Index::Extent MemoryIndex::extent_at(FileIterator file, const ExtentKey& extent) const {
  const auto& [offset, length, before, after] = extent;
  const Entry& entry = file->second;
  return {.file = file->first,
          .offset = offset,
          .length = length,
          .frame = {.before = before, .after = after},
          .current = entry.extents.at(extent).version == entry.version,
          .stamp = entry.stamp,
          .path = entry.path};
}

std::vector<Index::Extent> MemoryIndex::extents(ByteView hash, std::size_t most) {
  std::vector<Extent> out;
  const Bytes wanted = to_bytes(hash);
  auto next = tables_.by_hash.lower_bound({wanted, 0, {}});
  for (; next != tables_.by_hash.end() && out.size() < most; ++next) {
    const auto& [found, file, extent] = *next;
    if (found != wanted) break;
    out.push_back(extent_at(tables_.files.find(file), extent));
  }
  return out;
}

void MemoryIndex::put_extent(ByteView hash, FileId file, std::uint64_t offset, std::uint64_t length,
                             const ExtentFrame& frame) {
  const auto found = tables_.files.find(file);
  if (found == tables_.files.end()) return;
  Entry& entry = found->second;
  const ExtentKey extent{offset, length, frame.before, frame.after};
  Held& held = entry.extents[extent];
  tables_.by_hash.erase({held.hash, file, extent});
  held = {.hash = to_bytes(hash), .version = entry.version};
  tables_.by_hash.emplace(held.hash, file, extent);
}

void MemoryIndex::forget_extent(ByteView hash, const Extent& place) {
  const auto file = tables_.files.find(place.file);
  if (file == tables_.files.end()) return;
  file->second.imports.clear();
  const Bytes wanted = to_bytes(hash);
  std::erase_if(file->second.extents, [&](const auto& row) {
    const auto& [offset, length, before, after] = row.first;
    return offset == place.offset && length == place.length && row.second.hash == wanted &&
           tables_.by_hash.erase({wanted, place.file, row.first}) > 0;
  });
}

void MemoryIndex::renew(const Extent& place, const FileStamp& stamp) {
  const auto file = tables_.files.find(place.file);
  if (file == tables_.files.end()) return;
  Entry& entry = file->second;
  if (entry.stamp != stamp) {
    entry.stamp = stamp;
    ++entry.version;
    // One block was right; what was imported from the file as a whole may not be.
    entry.imports.clear();
  }
  const auto renewed =
      entry.extents.find({place.offset, place.length, place.frame.before, place.frame.after});
  if (renewed != entry.extents.end()) renewed->second.version = entry.version;
}

std::optional<Index::Found> MemoryIndex::find_file(std::string_view path) {
  const auto found = tables_.paths.find(path);
  if (found == tables_.paths.end()) return std::nullopt;
  return Found{.id = found->second, .stamp = tables_.files.at(found->second).stamp};
}

FileId MemoryIndex::add_file(std::string_view path, const FileStamp& stamp) {
  if (const auto known = find_file(path)) {
    if (known->stamp == stamp) return known->id;
    const auto file = tables_.files.find(known->id);
    forget_extents(file);
    file->second.imports.clear();
    file->second.stamp = stamp;
    return known->id;
  }
  const FileId id = ++last_file_;
  tables_.paths.emplace(path, id);
  tables_.files.emplace(id, Entry{.path = std::string(path), .stamp = stamp});
  return id;
}

void MemoryIndex::set_stamp(FileId file, const FileStamp& stamp) {
  const auto found = tables_.files.find(file);
  if (found != tables_.files.end()) found->second.stamp = stamp;
}

void MemoryIndex::forget_extents(FileIterator file) {
  for (const auto& [extent, held] : file->second.extents) {
    tables_.by_hash.erase({held.hash, file->first, extent});
  }
  file->second.extents.clear();
}

void MemoryIndex::erase_file(FileIterator file) {
  forget_extents(file);
  tables_.paths.erase(file->second.path);
  tables_.files.erase(file);
}

void MemoryIndex::forget_file(FileId file) {
  const auto found = tables_.files.find(file);
  if (found != tables_.files.end()) erase_file(found);
}

std::vector<MemoryIndex::FileIterator> MemoryIndex::files_below(std::string_view path,
                                                                std::size_t most) {
  std::vector<FileIterator> out;
  const auto self = tables_.paths.find(path);
  if (self != tables_.paths.end()) return {tables_.files.find(self->second)};
  const PathsBelow below(path);
  const auto end = tables_.paths.lower_bound(below.end);
  for (auto next = tables_.paths.lower_bound(below.first); next != end && out.size() < most;
       ++next) {
    out.push_back(tables_.files.find(next->second));
  }
  return out;
}

std::uint64_t MemoryIndex::move_files(std::string_view from, std::string_view to,
                                      std::size_t most) {
  if (from == to) return 0;
  const auto moving = files_below(from, most);
  for (const auto& file : moving) {
    const std::string path = std::string(to) + file->second.path.substr(from.size());
    if (tables_.paths.contains(path)) {
      erase_file(file);
      continue;
    }
    tables_.paths.erase(file->second.path);
    file->second.path = path;
    tables_.paths.emplace(path, file->first);
  }
  return moving.size();
}

std::uint64_t MemoryIndex::forget_below(std::string_view path, std::size_t most) {
  const auto files = files_below(path, most);
  for (const auto& file : files) erase_file(file);
  return files.size();
}

std::uint64_t MemoryIndex::forget_all() {
  const std::uint64_t files = tables_.files.size();
  tables_ = {};
  return files;
}

void MemoryIndex::take_over(const std::string& path) {
  throw Error(ErrorCode::unsupported, "an index in memory takes over no other", path);
}

std::optional<BlockStore::Imported> MemoryIndex::imported(FileId file, std::string_view profile) {
  const auto found = tables_.files.find(file);
  if (found == tables_.files.end()) return std::nullopt;
  const auto import = found->second.imports.find(profile);
  if (import == found->second.imports.end()) return std::nullopt;
  return import->second;
}

void MemoryIndex::set_imported(FileId file, std::string_view profile,
                               const BlockStore::Imported& imported) {
  const auto found = tables_.files.find(file);
  if (found == tables_.files.end()) return;
  found->second.imports.insert_or_assign(std::string(profile), imported);
}

}  // namespace shoal::content
