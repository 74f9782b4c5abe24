#pragma once

#include <memory>
#include <string>
#include <vector>

#include "content/store/database.h"
#include "content/store/index.h"

namespace shoal::content {

/// The index of a node's home, in an SQLite database.
class SqliteIndex final : public Index {
 public:
  /// Opens or makes the database at `path`; one of an older schema is brought up to date, which
  /// takes as long as copying its nodes. Ids of files are larger than `last_file`. Throws
  /// DamagedDatabase, also when it was written by a newer schema.
  SqliteIndex(System& system, const std::string& path, FileId last_file);

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
  void take_over(const std::string& path) override;
  std::optional<BlockStore::Imported> imported(FileId file, std::string_view profile) override;
  void set_imported(FileId file, std::string_view profile,
                    const BlockStore::Imported& imported) override;
  void commit() override { database_.commit(); }
  std::function<bool()> due_checkpoint() override { return database_.due_checkpoint(); }
  bool is_behind() const override { return database_.is_behind(); }
  std::uint64_t commits() const override { return database_.commits(); }
  void caught_up() override { database_.caught_up(); }
  bool has_changes() const override { return database_.in_transaction(); }
  bool sync_failed() const override { return database_.sync_failed(); }

 private:
  void change();
  /// The file itself, or those below it, in order of their paths.
  std::vector<FileId> files_below(std::string_view path, std::size_t most);

  struct Statements;
  Database database_;
  struct Free {
    void operator()(Statements* statements) const;
  };
  std::unique_ptr<Statements, Free> sql_;
};

}  // namespace shoal::content
