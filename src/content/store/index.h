#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "content/store/block_store.h"
#include "content/store/database.h"

namespace shoal::content {

/// The tables of the block store:
///
///     nodes    multihash → bytes
///     files    id → path, stamp, version
///     places   (file, offset, length) → multihash, version
///     imports  (file, profile) → root
///
/// A file's version counts the looks that it has had while its places were known. A place with
/// the version of its file was verified since the file got its stamp; one with an older version
/// must be hashed before it is served. Places are kept in the order of their files, so that adding
/// them is cheap, and found by the last 8 bytes of their hash.
class Index {
 public:
  struct Place {
    FileId file;
    std::uint64_t offset;
    std::uint64_t length;
    PlaceFrame frame;
    bool current;  // the versions agree
    FileStamp stamp;
    std::string path;
  };

  /// Opens or makes the database at `path`. Ids of files are larger than `last_file`. Throws
  /// DamagedDatabase, also when it was written by a newer schema.
  Index(System& system, const std::string& path, FileId last_file);
  ~Index() = default;

  bool has(ByteView hash);
  std::optional<std::uint64_t> size(ByteView hash);

  std::optional<Bytes> node(ByteView hash);
  void put_node(ByteView hash, ByteView bytes);
  void forget_node(ByteView hash);

  /// At most `most` of them, and no more are looked at: a block of zeros may have a million.
  std::vector<Place> places(ByteView hash, std::size_t most);
  void put_place(ByteView hash, FileId file, std::uint64_t offset, std::uint64_t length,
                 const PlaceFrame& frame);
  void forget_place(ByteView hash, const Place& place);
  /// The place was right in a file that looks like `stamp` now.
  void renew(const Place& place, const FileStamp& stamp);

  struct Found {
    FileId id;
    FileStamp stamp;
  };
  std::optional<Found> find_file(std::string_view path);
  FileId add_file(std::string_view path, const FileStamp& stamp);
  /// Keeps the version.
  void set_stamp(FileId file, const FileStamp& stamp);
  void forget_file(FileId file);
  void move_files(std::string_view from, std::string_view to);
  /// A file, or all below a folder. Returns how many.
  std::uint64_t forget_below(std::string_view path);
  /// Every file. Returns how many.
  std::uint64_t forget_all();
  /// Commits before.
  void take_over(const std::string& path);

  std::optional<BlockStore::Imported> imported(FileId file, std::string_view profile);
  void set_imported(FileId file, std::string_view profile, const BlockStore::Imported& imported);

  /// Every change lies in a transaction, which the first one begins.
  void commit() { database_.commit(); }
  /// That are not committed yet.
  bool has_changes() const { return database_.in_transaction(); }
  bool in_transaction() const { return database_.in_transaction(); }
  bool sync_failed() const { return database_.sync_failed(); }

 private:
  void make_tables(FileId last_file);
  void set_version();
  void check_tables();
  void change();

  struct Statements;
  Database database_;
  struct Free {
    void operator()(Statements* statements) const;
  };
  std::unique_ptr<Statements, Free> sql_;
};

}  // namespace shoal::content
