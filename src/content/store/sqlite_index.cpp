#include "content/store/sqlite_index.h"

#include "content/store/index_schema.h"

namespace shoal::content {

namespace {

/// The columns in the order of the statements' ?2 to ?6.
const std::string kStampColumns = "size, mtime_ns, ctime_ns, inode, device";
const std::string kSetStamp = "size = ?2, mtime_ns = ?3, ctime_ns = ?4, inode = ?5, device = ?6";

/// From the column `first` on.
FileStamp stamp_at(const Rows& rows, int first) {
  return {.size = static_cast<std::uint64_t>(rows.integer(first)),
          .mtime_ns = rows.integer(first + 1),
          .ctime_ns = rows.integer(first + 2),
          .inode = static_cast<std::uint64_t>(rows.integer(first + 3)),
          .device = static_cast<std::uint64_t>(rows.integer(first + 4))};
}

std::int64_t run_with_stamp(Statement& statement, const auto& first, const FileStamp& stamp) {
  return statement.run(first, stamp.size, stamp.mtime_ns, stamp.ctime_ns, stamp.inode,
                       stamp.device);
}

Cid decode_root(ByteView bytes, const std::string& path) {
  try {
    return Cid::decode(bytes);
  } catch (const Error& error) {
    throw DamagedDatabase(error.message(), path);
  }
}

}  // namespace

struct SqliteIndex::Statements {
  explicit Statements(Database& db) : db(db) {}

  Database& db;
  Statement node{db, "SELECT bytes FROM nodes WHERE hash = ?1"};
  Statement node_size{db, "SELECT size FROM nodes WHERE hash = ?1"};
  Statement put_node{db, "INSERT OR IGNORE INTO nodes(hash, size, bytes) VALUES (?1, ?2, ?3)"};
  Statement forget_node{db, "DELETE FROM nodes WHERE hash = ?1"};
  Statement forget_all_imports{db, "DELETE FROM imports"};

  Statement extents{db,
                    "SELECT file, offset, length, places.version = files.version, path, before, "
                    "after, " +
                        kStampColumns +
                        " FROM places JOIN files ON id = file "
                        "WHERE substr(hash, -8) = substr(?1, -8) AND hash = ?1 LIMIT ?2"};
  Statement place_size{
      db,
      "SELECT length + length(before) + length(after) FROM places JOIN files ON id = file "
      "WHERE substr(hash, -8) = substr(?1, -8) AND hash = ?1 LIMIT 1"};
  Statement put_place{db,
                      "INSERT OR REPLACE INTO places "
                      "SELECT ?1, ?2, ?3, ?5, ?6, ?4, version FROM files WHERE id = ?1"};
  Statement forget_place{
      db, "DELETE FROM places WHERE file = ?1 AND offset = ?2 AND length = ?3 AND hash = ?4"};
  Statement forget_extents{db, "DELETE FROM places WHERE file = ?1"};
  Statement renew_place{
      db,
      "UPDATE places SET version = (SELECT version FROM files WHERE id = ?1) "
      "WHERE file = ?1 AND offset = ?2 AND length = ?3 AND before = ?4 AND after = ?5"};
  Statement renew_file{db, "UPDATE files SET " + kSetStamp +
                               ", version = version + 1 WHERE id = ?1 AND "
                               "(" +
                               kStampColumns + ") != (?2, ?3, ?4, ?5, ?6)"};

  Statement find_file{db, "SELECT id, " + kStampColumns + " FROM files WHERE path = ?1"};
  Statement add_file{
      db, "INSERT INTO files(path, " + kStampColumns + ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)"};
  Statement set_stamp{db, "UPDATE files SET " + kSetStamp + " WHERE id = ?1"};
  Statement forget_file{db, "DELETE FROM files WHERE id = ?1"};
  Statement files_below{
      db, "SELECT id FROM files WHERE path >= ?1 AND path < ?2 ORDER BY path LIMIT ?3"};
  /// The last of its path from the character ?3 on, behind ?2.
  Statement move_file{
      db, "UPDATE OR IGNORE files SET path = CAST(?2 || substr(path, ?3) AS BLOB) WHERE id = ?1"};

  Statement imported{
      db, "SELECT root, dag_bytes, blocks FROM imports WHERE file = ?1 AND profile = ?2"};
  Statement set_imported{db,
                         "INSERT OR REPLACE INTO imports SELECT ?1, ?2, ?3, ?4, ?5 "
                         "WHERE EXISTS (SELECT 1 FROM files WHERE id = ?1)"};
  Statement forget_imports{db, "DELETE FROM imports WHERE file = ?1"};
};

void SqliteIndex::Free::operator()(Statements* statements) const {
  delete statements;
}

SqliteIndex::SqliteIndex(System& system, const std::string& path, FileId last_file)
    : database_(system, path) {
  prepare_tables(database_, last_file);
  sql_.reset(new Statements(database_));
}

void SqliteIndex::change() {
  if (!database_.in_transaction()) database_.begin();
}

std::optional<std::uint64_t> SqliteIndex::size(ByteView hash) {
  Rows node = sql_->node_size.rows(hash);
  if (node.next()) return static_cast<std::uint64_t>(node.integer(0));
  Rows place = sql_->place_size.rows(hash);
  if (place.next()) return static_cast<std::uint64_t>(place.integer(0));
  return std::nullopt;
}

bool SqliteIndex::has_node(ByteView hash) {
  return sql_->node_size.rows(hash).next();
}

std::optional<Bytes> SqliteIndex::node(ByteView hash) {
  Rows rows = sql_->node.rows(hash);
  if (!rows.next()) return std::nullopt;
  return to_bytes(rows.blob(0));
}

void SqliteIndex::put_node(ByteView hash, ByteView bytes) {
  change();
  sql_->put_node.run(hash, std::uint64_t{bytes.size()}, bytes);
}

void SqliteIndex::forget_node(ByteView hash) {
  change();
  sql_->forget_node.run(hash);
  sql_->forget_all_imports.run();
}

std::vector<Index::Extent> SqliteIndex::extents(ByteView hash, std::size_t most) {
  std::vector<Extent> found;
  Rows rows = sql_->extents.rows(hash, std::uint64_t{most});
  while (rows.next()) {
    found.push_back({.file = rows.integer(0),
                     .offset = static_cast<std::uint64_t>(rows.integer(1)),
                     .length = static_cast<std::uint64_t>(rows.integer(2)),
                     .frame = {.before = to_bytes(rows.blob(5)), .after = to_bytes(rows.blob(6))},
                     .current = rows.integer(3) != 0,
                     .stamp = stamp_at(rows, 7),
                     .path = rows.text(4)});
  }
  return found;
}

void SqliteIndex::put_extent(ByteView hash, FileId file, std::uint64_t offset, std::uint64_t length,
                             const ExtentFrame& frame) {
  change();
  sql_->put_place.run(file, offset, length, hash, frame.before, frame.after);
}

void SqliteIndex::forget_extent(ByteView hash, const Extent& place) {
  change();
  sql_->forget_place.run(place.file, place.offset, place.length, hash);
  sql_->forget_imports.run(place.file);
}

void SqliteIndex::renew(const Extent& place, const FileStamp& stamp) {
  change();
  const auto changed = run_with_stamp(sql_->renew_file, place.file, stamp);
  // One block was right; what was imported from the file as a whole may not be.
  if (changed > 0) sql_->forget_imports.run(place.file);
  sql_->renew_place.run(place.file, place.offset, place.length, place.frame.before,
                        place.frame.after);
}

std::optional<Index::Found> SqliteIndex::find_file(std::string_view path) {
  Rows rows = sql_->find_file.rows(path);
  if (!rows.next()) return std::nullopt;
  return Found{.id = rows.integer(0), .stamp = stamp_at(rows, 1)};
}

FileId SqliteIndex::add_file(std::string_view path, const FileStamp& stamp) {
  if (const auto found = find_file(path)) {
    if (found->stamp == stamp) return found->id;
    change();
    sql_->forget_extents.run(found->id);
    sql_->forget_imports.run(found->id);
    set_stamp(found->id, stamp);
    return found->id;
  }
  change();
  run_with_stamp(sql_->add_file, path, stamp);
  return database_.last_row_id();
}

void SqliteIndex::set_stamp(FileId file, const FileStamp& stamp) {
  change();
  run_with_stamp(sql_->set_stamp, file, stamp);
}

void SqliteIndex::forget_file(FileId file) {
  change();
  sql_->forget_extents.run(file);
  sql_->forget_imports.run(file);
  sql_->forget_file.run(file);
}

std::vector<FileId> SqliteIndex::files_below(std::string_view path, std::size_t most) {
  if (const auto file = find_file(path)) return {file->id};
  std::vector<FileId> out;
  const PathsBelow below(path);
  Rows rows = sql_->files_below.rows(std::string_view(below.first), std::string_view(below.end),
                                     std::uint64_t{most});
  while (rows.next()) out.push_back(rows.integer(0));
  return out;
}

std::uint64_t SqliteIndex::forget_below(std::string_view path, std::size_t most) {
  const std::vector<FileId> files = files_below(path, most);
  for (const FileId file : files) forget_file(file);
  return files.size();
}

std::uint64_t SqliteIndex::forget_all() {
  change();
  database_.run("DELETE FROM nodes; DELETE FROM places; DELETE FROM imports");
  Statement files(database_, "DELETE FROM files");
  return static_cast<std::uint64_t>(files.run());
}

void SqliteIndex::take_over(const std::string& path) {
  commit();
  take_over_rows(database_, path);
}

std::uint64_t SqliteIndex::move_files(std::string_view from, std::string_view to,
                                      std::size_t most) {
  if (from == to) return 0;
  change();
  const std::vector<FileId> files = files_below(from, most);
  for (const FileId file : files) {
    const std::int64_t moved = sql_->move_file.run(file, to, std::uint64_t{from.size() + 1});
    if (moved == 0) forget_file(file);
  }
  return files.size();
}

std::optional<BlockStore::Imported> SqliteIndex::imported(FileId file, std::string_view profile) {
  Rows rows = sql_->imported.rows(file, profile);
  if (!rows.next()) return std::nullopt;
  return BlockStore::Imported{.root = decode_root(rows.blob(0), database_.path()),
                              .dag_bytes = static_cast<std::uint64_t>(rows.integer(1)),
                              .blocks = static_cast<std::uint64_t>(rows.integer(2))};
}

void SqliteIndex::set_imported(FileId file, std::string_view profile,
                               const BlockStore::Imported& imported) {
  change();
  const Bytes root = imported.root.encode();
  sql_->set_imported.run(file, profile, root, imported.dag_bytes, imported.blocks);
}

}  // namespace shoal::content
