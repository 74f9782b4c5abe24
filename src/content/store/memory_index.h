#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "content/store/index.h"

namespace shoal::content {

/// The index of a node that keeps nothing over a restart. An empty one takes no memory to speak of,
/// so that simulated nodes fit by the ten thousand. Every change is committed at once.
class MemoryIndex final : public Index {
 public:
  std::optional<std::uint64_t> size(ByteView hash) override;
  bool has_node(ByteView hash) override;
  std::optional<Bytes> node(ByteView hash) override;
  void put_node(ByteView hash, ByteView bytes) override;
  void forget_node(ByteView hash) override;
  std::vector<Extent> extents(ByteView hash, std::size_t most) override;
  void put_extent(ByteView hash, FileId file, std::uint64_t offset, std::uint64_t length,
                  const ExtentFrame& frame) override;
  void forget_extent(ByteView hash, const Extent& place) override;
  void renew(const Extent& place, const FileStamp& stamp) override;
  std::optional<Found> find_file(std::string_view path) override;
  FileId add_file(std::string_view path, const FileStamp& stamp) override;
  void set_stamp(FileId file, const FileStamp& stamp) override;
  void forget_file(FileId file) override;
  std::uint64_t move_files(std::string_view from, std::string_view to, std::size_t most) override;
  std::uint64_t forget_below(std::string_view path, std::size_t most) override;
  std::uint64_t forget_all() override;
  /// Throws Error{unsupported}.
  void take_over(const std::string& path) override;
  std::optional<BlockStore::Imported> imported(FileId file, std::string_view profile) override;
  void set_imported(FileId file, std::string_view profile,
                    const BlockStore::Imported& imported) override;
  void commit() override {}
  std::function<bool()> due_checkpoint() override { return nullptr; }
  bool is_behind() const override { return false; }
  std::uint64_t commits() const override { return 0; }
  void caught_up() override {}
  bool has_changes() const override { return false; }
  bool sync_failed() const override { return false; }

 private:
  /// Offset, length and frame.
  using ExtentKey = std::tuple<std::uint64_t, std::uint64_t, Bytes, Bytes>;
  struct Held {
    Bytes hash;
    std::uint64_t version = 0;
  };
  struct Entry {
    std::string path;
    FileStamp stamp;
    std::uint64_t version = 0;
    std::map<ExtentKey, Held> extents{};
    std::map<std::string, BlockStore::Imported, std::less<>> imports{};
  };
  struct Tables {
    std::map<Bytes, Bytes> nodes;
    std::map<FileId, Entry> files;
    std::map<std::string, FileId, std::less<>> paths;
    std::set<std::tuple<Bytes, FileId, ExtentKey>> by_hash;
  };

  using FileIterator = std::map<FileId, Entry>::iterator;

  Extent extent_at(FileIterator file, const ExtentKey& extent) const;
  void forget_extents(FileIterator file);
  void erase_file(FileIterator file);
  /// The path itself, and those below it, in order.
  std::vector<FileIterator> files_below(std::string_view path, std::size_t most);

  Tables tables_;
  FileId last_file_ = 0;
};

}  // namespace shoal::content
