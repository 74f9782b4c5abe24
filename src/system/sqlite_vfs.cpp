#include "system/sqlite_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

#include "base/error.h"
#include "system/sqlite_shared_memory.h"

namespace shoal {

struct SqliteVfs::Parts {
  System& system;
  std::string name;
  Use use;
  std::atomic<bool> sync_failed = false;
  sqlite3_vfs vfs{};
  std::mutex mutex{};  // of what follows
  std::string last_error{};
  std::map<std::string, SqliteSharedMemory> shared{};  // by the path of the database
};

namespace {

constexpr int kMaxPathBytes = 4096;
constexpr int kSectorBytes = 4096;
/// Days from the Julian epoch to 1970, in milliseconds: what SQLite counts time in.
constexpr sqlite3_int64 kJulianOfUnixEpochMs = 210'866'760'000'000;

/// What SQLite allocates for an open file; `base` must come first.
struct OpenFile {
  sqlite3_file base;
  SqliteVfs::Parts* world;
  File* file;  // null: it is not there, and only read
  int lock;
  char* remove_at_close;  // a path, or null
  const char* path;
  SqliteSharedMemory* shared;  // null until it is used
  SqliteSharedMemory::Held held;
  const char* new_path;  // of one that was made here, until its name is synced, too; or null
};

OpenFile& of(sqlite3_file* file) {
  return *reinterpret_cast<OpenFile*>(file);
}

SqliteVfs::Parts& of(sqlite3_vfs* vfs) {
  return *static_cast<SqliteVfs::Parts*>(vfs->pAppData);
}

/// No exception may pass through SQLite: `code` stands for it, and its text is kept.
template <class Call>
int guarded(SqliteVfs::Parts& world, int code, Call call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  } catch (const std::exception& error) {
    std::string said = error.what();
    const bool full = said.find("no space left") != said.npos || said.find("quota") != said.npos;
    const std::lock_guard guard(world.mutex);
    world.last_error = std::move(said);
    return full ? SQLITE_FULL : code;
  }
}

std::string parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

int close_file(sqlite3_file* opened) {
  OpenFile& self = of(opened);
  delete std::exchange(self.file, nullptr);
  if (self.remove_at_close == nullptr) return SQLITE_OK;
  return guarded(*self.world, SQLITE_IOERR_DELETE, [&] {
    self.world->system.storage.remove(self.remove_at_close);
    sqlite3_free(std::exchange(self.remove_at_close, nullptr));
    return SQLITE_OK;
  });
}

int read_file(sqlite3_file* opened, void* into, int amount, sqlite3_int64 offset) {
  OpenFile& self = of(opened);
  return guarded(*self.world, SQLITE_IOERR_READ, [&] {
    const MutableBytes wanted(static_cast<std::uint8_t*>(into), static_cast<std::size_t>(amount));
    const auto at = static_cast<std::uint64_t>(offset);
    const std::size_t got = self.file == nullptr ? 0 : self.file->read_at(at, wanted);
    if (got == wanted.size()) return SQLITE_OK;
    std::ranges::fill(wanted.subspan(got), std::uint8_t{0});
    return SQLITE_IOERR_SHORT_READ;
  });
}

int write_file(sqlite3_file* opened, const void* bytes, int amount, sqlite3_int64 offset) {
  OpenFile& self = of(opened);
  if (self.file == nullptr) return SQLITE_READONLY;
  if (self.world->sync_failed) return SQLITE_IOERR_WRITE;
  return guarded(*self.world, SQLITE_IOERR_WRITE, [&] {
    const ByteView given(static_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(amount));
    self.file->write_at(static_cast<std::uint64_t>(offset), given);
    return SQLITE_OK;
  });
}

int truncate_file(sqlite3_file* opened, sqlite3_int64 size) {
  OpenFile& self = of(opened);
  if (self.file == nullptr) return SQLITE_READONLY;
  if (self.world->sync_failed) return SQLITE_IOERR_TRUNCATE;
  return guarded(*self.world, SQLITE_IOERR_TRUNCATE, [&] {
    self.file->truncate(static_cast<std::uint64_t>(size));
    return SQLITE_OK;
  });
}

int sync_file(sqlite3_file* opened, int) {
  OpenFile& self = of(opened);
  if (self.file == nullptr) return SQLITE_READONLY;
  if (self.world->sync_failed) return SQLITE_IOERR_FSYNC;
  const int result = guarded(*self.world, SQLITE_IOERR_FSYNC, [&] {
    self.file->sync();
    if (self.new_path != nullptr) self.world->system.storage.sync_names(parent_of(self.new_path));
    self.new_path = nullptr;
    return SQLITE_OK;
  });
  self.world->sync_failed = result != SQLITE_OK;
  return result;
}

int file_size(sqlite3_file* opened, sqlite3_int64* size) {
  OpenFile& self = of(opened);
  return guarded(*self.world, SQLITE_IOERR_FSTAT, [&] {
    *size = self.file == nullptr ? 0 : static_cast<sqlite3_int64>(self.file->info().size);
    return SQLITE_OK;
  });
}

int lock_file(sqlite3_file* opened, int level) {
  of(opened).lock = std::max(of(opened).lock, level);
  return SQLITE_OK;
}

int unlock_file(sqlite3_file* opened, int level) {
  of(opened).lock = level;
  return SQLITE_OK;
}

int reserved_by_another(sqlite3_file*, int* answer) {
  *answer = 0;
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file*) {
  return kSectorBytes;
}

int characteristics(sqlite3_file*) {
  return 0;
}

int map_shared(sqlite3_file* opened, int number, int bytes, int make, void volatile** out) {
  OpenFile& self = of(opened);
  return guarded(*self.world, SQLITE_IOERR_SHMMAP, [&] {
    if (self.shared == nullptr) {
      const std::lock_guard guard(self.world->mutex);
      self.shared = &self.world->shared[self.path];
      self.shared->join();
    }
    *out = self.shared->part(static_cast<std::size_t>(number), static_cast<std::size_t>(bytes),
                             make != 0);
    return SQLITE_OK;
  });
}

int lock_shared(sqlite3_file* opened, int first, int count, int flags) {
  OpenFile& self = of(opened);
  if (self.shared == nullptr) return SQLITE_IOERR_SHMLOCK;
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    self.shared->unlock(self.held, first, count);
    return SQLITE_OK;
  }
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  return self.shared->lock(self.held, first, count, exclusive) ? SQLITE_OK : SQLITE_BUSY;
}

void order_shared(sqlite3_file*) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

int unmap_shared(sqlite3_file* opened, int) {
  OpenFile& self = of(opened);
  if (self.shared != nullptr) std::exchange(self.shared, nullptr)->leave(self.held);
  return SQLITE_OK;
}

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = reserved_by_another,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_shared,
    .xShmLock = lock_shared,
    .xShmBarrier = order_shared,
    .xShmUnmap = unmap_shared,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

Access access_of(int flags) {
  if ((flags & SQLITE_OPEN_READWRITE) == 0) return Access::read;
  if ((flags & SQLITE_OPEN_CREATE) == 0) return Access::write;
  return (flags & SQLITE_OPEN_EXCLUSIVE) != 0 ? Access::create_new : Access::create;
}

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* out, int flags, int* given) {
  auto& world = of(vfs);
  const bool reads = world.use == SqliteVfs::Use::for_reading;
  if (reads) {
    // A WAL is always asked for as one that is written.
    flags &= ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_DELETEONCLOSE);
    flags |= SQLITE_OPEN_READONLY;
  }
  OpenFile& self = *new (out) OpenFile{};
  self.world = &world;
  self.path = path;
  // Temporary files without a name are kept from us by SQLITE_TEMP_STORE or temp_store=MEMORY.
  if (path == nullptr) return SQLITE_CANTOPEN;
  return guarded(world, SQLITE_CANTOPEN, [&] {
    Storage& storage = world.system.storage;
    const bool is_new = !storage.info(path);
    if (!is_new || !reads) {
      self.file = storage.open(path, access_of(flags)).release();
      // What a sync lost before must not be taken for what is on the disk.
      self.file->forget_cached();
    }
    // A path stays where it is until its file is closed.
    if (is_new && !reads) self.new_path = path;
    if ((flags & SQLITE_OPEN_DELETEONCLOSE) != 0) {
      self.remove_at_close = sqlite3_mprintf("%s", path);
    }
    self.base.pMethods = &kMethods;
    if (given != nullptr) *given = flags;
    return SQLITE_OK;
  });
}

int delete_file(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  auto& world = of(vfs);
  if (world.use == SqliteVfs::Use::for_reading) return SQLITE_READONLY;
  return guarded(world, SQLITE_IOERR_DELETE, [&] {
    if (!world.system.storage.info(path)) return SQLITE_IOERR_DELETE_NOENT;
    world.system.storage.remove(path);
    if (sync_folder != 0) world.system.storage.sync_names(parent_of(path));
    return SQLITE_OK;
  });
}

int access_file(sqlite3_vfs* vfs, const char* path, int question, int* answer) {
  auto& world = of(vfs);
  return guarded(world, SQLITE_IOERR_ACCESS, [&] {
    const auto found = world.system.storage.info(path);
    // An empty journal is none: SQLite's own VFS for Unix sees it so, too.
    const bool there = found && (found->kind != FileKind::file || found->size > 0);
    *answer = (question == SQLITE_ACCESS_EXISTS ? there : found.has_value()) ? 1 : 0;
    return SQLITE_OK;
  });
}

int full_path(sqlite3_vfs* vfs, const char* path, int room, char* out) {
  auto& world = of(vfs);
  return guarded(world, SQLITE_CANTOPEN, [&] {
    const std::string full = world.system.storage.absolute(path);
    if (full.size() >= static_cast<std::size_t>(room)) return SQLITE_CANTOPEN;
    std::memcpy(out, full.c_str(), full.size() + 1);
    return SQLITE_OK;
  });
}

int draw(sqlite3_vfs* vfs, int count, char* out) {
  auto& world = of(vfs);
  const MutableBytes bytes(reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(count));
  const int failed = guarded(world, -1, [&] {
    world.system.random.fill(bytes);
    return SQLITE_OK;
  });
  return failed == SQLITE_OK ? count : 0;
}

int do_not_sleep(sqlite3_vfs*, int) {
  return 0;
}

int current_time_ms(sqlite3_vfs* vfs, sqlite3_int64* out) {
  const auto since_epoch = of(vfs).system.clock.wall_now().time_since_epoch();
  *out = kJulianOfUnixEpochMs + std::chrono::floor<std::chrono::milliseconds>(since_epoch).count();
  return SQLITE_OK;
}

int current_time(sqlite3_vfs* vfs, double* out) {
  sqlite3_int64 milliseconds = 0;
  current_time_ms(vfs, &milliseconds);
  *out = static_cast<double>(milliseconds) / 86'400'000.0;
  return SQLITE_OK;
}

int no_last_error(sqlite3_vfs*, int, char*) {
  return 0;
}

}  // namespace

SqliteVfs::SqliteVfs(System& system, std::string name, Use use)
    : parts_(new Parts{.system = system, .name = std::move(name), .use = use}) {
  sqlite3_vfs& vfs = parts_->vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(OpenFile);
  vfs.mxPathname = kMaxPathBytes;
  vfs.zName = parts_->name.c_str();
  vfs.pAppData = parts_.get();
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  vfs.xAccess = access_file;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = draw;
  vfs.xSleep = do_not_sleep;
  vfs.xCurrentTime = current_time;
  vfs.xGetLastError = no_last_error;
  vfs.xCurrentTimeInt64 = current_time_ms;
  if (sqlite3_vfs_find(parts_->name.c_str()) != nullptr) {
    throw Error(ErrorCode::exists, "SQLite has a VFS of that name", parts_->name);
  }
  sqlite3_vfs_register(&vfs, 0);
}

SqliteVfs::~SqliteVfs() {
  sqlite3_vfs_unregister(&parts_->vfs);
}

const char* SqliteVfs::name() const {
  return parts_->name.c_str();
}

bool SqliteVfs::sync_failed() const {
  return parts_->sync_failed;
}

std::string SqliteVfs::last_error() const {
  const std::lock_guard guard(parts_->mutex);
  return parts_->last_error;
}

}  // namespace shoal
