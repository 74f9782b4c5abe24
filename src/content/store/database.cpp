#include "content/store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "content/store/checkpointer.h"

namespace shoal::content {

namespace {

/// Filled only as far as it is used. Blocks are found by their hashes, which lie anywhere: with a
/// smaller one, pages of an index of many thousand files are written and read over and over.
constexpr int kCacheKib = 4 * 1024;
/// The WAL goes into the database when it has this many pages of 4 KiB, which costs two syncs …
constexpr int kWalPages = 2000;
/// … and is cut to this length when it begins anew: seldom, since to cut a long one blocks as well.
constexpr int kWalBytesKept = Database::kMostWalPages * 4096;

/// Everything else can only mean that the file is not what this program wrote: the SQL is our own.
bool is_storage_failure(int code) {
  switch (code & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_BUSY:
    case SQLITE_PROTOCOL:
    case SQLITE_LOCKED:
      return true;
    default:
      return false;
  }
}

}  // namespace

Rows::~Rows() {
  sqlite3_reset(statement_);
}

bool Rows::next() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) database_.check(result);
  return false;
}

std::int64_t Rows::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

ByteView Rows::blob(int column) const {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  database.check(sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                    SQLITE_PREPARE_PERSISTENT, &statement_, nullptr));
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

void Statement::bind(int index, std::int64_t value) {
  database_.check(sqlite3_bind_int64(statement_, index, value));
}

void Statement::bind(int index, ByteView value) {
  // Without an address SQLite would bind NULL.
  const void* bytes = value.empty() ? static_cast<const void*>("") : value.data();
  database_.check(sqlite3_bind_blob64(statement_, index, bytes, value.size(), SQLITE_STATIC));
}

std::int64_t Statement::changes() const {
  return sqlite3_changes64(database_.handle());
}

Database::Database(System& system, std::string path, Use use)
    : path_(std::move(path)),
      faults_(system.faults),
      vfs_(std::make_shared<SqliteVfs>(system, fmt::format("shoal-{}", fmt::ptr(this)), use)) {
  try {
    open(use);
  } catch (...) {
    sqlite3_close_v2(handle_);
    throw;
  }
}

Database::~Database() {
  checkpointer_.reset();
  sqlite3_close_v2(handle_);
}

void Database::open(Use use) {
  const bool writes = use == Use::for_writing;
  const int access = writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  const int flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  check(sqlite3_open_v2(path_.c_str(), &handle_, flags, vfs_->name()));
  // Another process may write what is only read.
  if (!writes) run("PRAGMA locking_mode=EXCLUSIVE");
  run("PRAGMA temp_store=MEMORY");
  run("PRAGMA trusted_schema=OFF");
  run("PRAGMA cell_size_check=ON");
  run(fmt::format("PRAGMA cache_size=-{}", kCacheKib));
  if (!writes) {
    check(sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr));
    return;
  }
  if (one("PRAGMA journal_mode=WAL") != "wal") give_up("it has no WAL");
  run("PRAGMA synchronous=NORMAL");
  const auto count_pages = [](void* pages, sqlite3*, const char*, int count) {
    *static_cast<int*>(pages) = count;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle_, count_pages, &wal_pages_);
  run(fmt::format("PRAGMA journal_size_limit={}", kWalBytesKept));
}

void Database::run(const std::string& sql) {
  check(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr));
}

std::string Database::one(const std::string& sql) {
  Statement statement(*this, sql);
  Rows rows = statement.rows();
  return rows.next() ? rows.text(0) : std::string();
}

void Database::attach(const std::string& path, const char* name) {
  char* sql = sqlite3_mprintf("ATTACH %Q AS %s", path.c_str(), name);
  const int result = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  sqlite3_free(sql);
  check(result);
}

void Database::detach(const char* name) noexcept {
  char* sql = sqlite3_mprintf("DETACH %s", name);
  sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  sqlite3_free(sql);
}

void Database::begin() {
  run("BEGIN IMMEDIATE");
}

void Database::commit() {
  if (!in_transaction()) return;
  if (faults_.fires("index.commit")) {
    throw Error(ErrorCode::io, "the index cannot be used: input/output error", path_);
  }
  run("COMMIT");
  ++commits_;
  if (wal_pages_ >= kMostWalPages) {
    sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  }
  // SQLite itself takes a checkpoint that failed for no failure of the commit before it.
  if (sync_failed()) fail("a sync of the disk failed");
}

std::function<bool()> Database::due_checkpoint() {
  if (wal_pages_ < kWalPages) return nullptr;
  if (!checkpointer_) checkpointer_ = std::make_shared<Checkpointer>(vfs_, path_);
  return [checkpointer = checkpointer_] { return checkpointer->run(); };
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

std::int64_t Database::last_row_id() const {
  return sqlite3_last_insert_rowid(handle_);
}

void Database::check(int result) const {
  if (result == SQLITE_OK) return;
  const std::string reason = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(result);
  if (!is_storage_failure(result)) throw DamagedDatabase(reason, path_);
  fail(reason);
}

void Database::give_up(const std::string& reason) const {
  if (vfs_->last_error().empty()) throw DamagedDatabase(reason, path_);
  fail(reason);
}

void Database::fail(const std::string& reason) const {
  const std::string said = vfs_->last_error();
  throw Error(ErrorCode::io,
              "the index cannot be used: " + (said.empty() ? reason : reason + " (" + said + ")"),
              path_, "look at free space and rights there");
}

}  // namespace shoal::content
