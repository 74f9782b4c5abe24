#include "content/store/index_schema.h"

#include <fmt/format.h>

namespace shoal::content {

namespace {

constexpr int kSchemaVersion = 3;
/// Version 1 had no ctime_ns and no device. Without them no file is trusted by its look any more:
/// its blocks are hashed once more when they are read, as of a file that was young.
constexpr const char* kFromVersion1 = R"(
  ALTER TABLE files ADD COLUMN ctime_ns INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE files ADD COLUMN device INTEGER NOT NULL DEFAULT 0;
  UPDATE files SET inode = 0;
  DELETE FROM imports;
)";
/// Before version 3 the bytes lay in the order of the hashes, so that looking one up read its large
/// neighbours as well.
constexpr const char* kFromVersion2 = R"(
  INSERT INTO nodes(hash, size, bytes) SELECT hash, length(bytes), bytes FROM old_nodes;
  DROP TABLE old_nodes;
)";
/// A look-up by hash reads an index of hashes alone, and the size comes before the bytes.
constexpr const char* kNodes = R"(
  CREATE TABLE nodes(
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, bytes BLOB NOT NULL);
)";
/// Looking through a larger index would hold up the start; its damage shows when it is met.
constexpr std::int64_t kMaxCheckedBytes = 64 << 20;

/// The columns of a primary key come first: quick_check of SQLite 3.40 takes others for NULL.
constexpr const char* kTables = R"(
  CREATE TABLE files(
    id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL UNIQUE, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    device INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE places(
    file INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
    before BLOB NOT NULL, after BLOB NOT NULL, hash BLOB NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY(file, offset, length, before, after)) WITHOUT ROWID;
  CREATE INDEX places_by_hash ON places(substr(hash, -8));
  CREATE TABLE imports(
    file INTEGER NOT NULL, profile BLOB NOT NULL, root BLOB NOT NULL, dag_bytes INTEGER NOT NULL,
    blocks INTEGER NOT NULL, PRIMARY KEY(file, profile)) WITHOUT ROWID;
)";

/// What is known here stays as it is. Of files that both know, only those that are still being
/// written may have gained extents there.
constexpr const char* kTakeOver = R"(
  INSERT OR IGNORE INTO main.nodes(hash, size, bytes)
    SELECT hash, size, bytes FROM other.nodes;
  CREATE TEMP TABLE pairs(here INTEGER PRIMARY KEY, there INTEGER NOT NULL);
  INSERT INTO pairs SELECT here.id, there.id FROM other.files AS there
    JOIN main.files AS here USING (path)
    WHERE here.mtime_ns = 0 AND here.inode = 0 AND there.mtime_ns = 0 AND there.inode = 0;
  CREATE TEMP TABLE fresh(path BLOB PRIMARY KEY, there INTEGER NOT NULL);
  INSERT INTO fresh SELECT path, id FROM other.files
    WHERE path NOT IN (SELECT path FROM main.files);
  INSERT INTO main.files(path, version, size, mtime_ns, ctime_ns, inode, device)
    SELECT path, version, size, mtime_ns, ctime_ns, inode, device FROM other.files
    WHERE path IN (SELECT path FROM fresh);
  INSERT INTO pairs SELECT files.id, fresh.there FROM fresh JOIN main.files USING (path);
  INSERT OR IGNORE INTO main.places
    SELECT here, offset, length, before, after, hash, version
    FROM other.places JOIN pairs ON there = file;
  INSERT OR IGNORE INTO main.imports
    SELECT here, profile, root, dag_bytes, blocks FROM other.imports JOIN pairs ON there = file;
  DROP TABLE pairs;
  DROP TABLE fresh;
)";

void set_schema_version(Database& database) {
  database.run(fmt::format("PRAGMA user_version={}", kSchemaVersion));
}

void make_tables(Database& database, FileId last_file) {
  database.begin();
  database.run(kNodes);
  database.run(kTables);
  database.run(fmt::format("INSERT INTO sqlite_sequence VALUES ('files', {})", last_file));
  set_schema_version(database);
  database.commit();
}

void convert_tables(Database& database, const std::string& version) {
  database.begin();
  if (version == "1") database.run(kFromVersion1);
  database.run("ALTER TABLE nodes RENAME TO old_nodes");
  database.run(kNodes);
  database.run(kFromVersion2);
  set_schema_version(database);
  database.commit();
}

void check_tables(Database& database) {
  const std::string bytes =
      database.one("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
  if (std::stoll(bytes) > kMaxCheckedBytes) return;
  const std::string found = database.one("PRAGMA quick_check(1)");
  // A page that cannot be read now is reported as one that is missing.
  if (found != "ok") database.give_up(found);
}

}  // namespace

void prepare_tables(Database& database, FileId last_file) {
  const std::string version = database.one("PRAGMA user_version");
  if (version == "0") {
    make_tables(database, last_file);
  } else if (version == "1" || version == "2") {
    convert_tables(database, version);
  } else if (version != std::to_string(kSchemaVersion)) {
    throw DamagedDatabase(
        "its schema has version " + version + ", this program's " + std::to_string(kSchemaVersion),
        database.path());
  }
  check_tables(database);
}

void take_over_rows(Database& database, const std::string& path) {
  std::string failure;
  try {
    database.attach(path, "other");
    if (database.one("PRAGMA other.user_version") == std::to_string(kSchemaVersion)) {
      database.begin();
      database.run(kTakeOver);
      database.commit();
    }
  } catch (const Error& error) {
    // Also when it is damaged: then this one is not.
    failure = error.message();
  }
  if (database.in_transaction()) database.run("ROLLBACK");
  database.detach("other");
  if (!failure.empty()) throw Error(ErrorCode::io, failure, path);
}

}  // namespace shoal::content
