#include "content/store/index_reading.h"

#include "base/error.h"
#include "content/store/database.h"
#include "content/store/index_look.h"

namespace shoal::content {

namespace {

/// How often a reading that another process disturbed is begun anew, and after what pause.
constexpr int kReadTries = 20;
constexpr Duration kPause = 50ms;
IndexReading read_once(System& system, const std::string& path) {
  Database database(system, path, Database::Use::for_reading);
  IndexReading out;
  Statement nodes(database, "SELECT count(*), total(length(bytes)) FROM nodes");
  {
    Rows row = nodes.rows();
    row.next();
    out.nodes = static_cast<std::uint64_t>(row.integer(0));
    out.node_bytes = static_cast<std::uint64_t>(row.integer(1));
  }
  // Version 1 becomes this one, without a file that is trusted by its look, when a node opens it.
  const bool is_first = database.one("PRAGMA user_version") == "1";
  Statement files(database, "SELECT path, size, mtime_ns, " +
                                std::string(is_first ? "0, 0, 0" : "ctime_ns, inode, device") +
                                ", (SELECT count(*) FROM places WHERE file = id) FROM files "
                                "ORDER BY path");
  Rows rows = files.rows();
  while (rows.next()) {
    out.files.push_back({.path = rows.text(0),
                         .stamp = {.size = static_cast<std::uint64_t>(rows.integer(1)),
                                   .mtime_ns = rows.integer(2),
                                   .ctime_ns = rows.integer(3),
                                   .inode = static_cast<std::uint64_t>(rows.integer(4)),
                                   .device = static_cast<std::uint64_t>(rows.integer(5))},
                         .blocks = static_cast<std::uint64_t>(rows.integer(6))});
  }
  return out;
}

}  // namespace

Task<std::optional<IndexReading>> read_index(System& system, std::string folder) {
  const std::string path = folder + "/" + kIndexName;
  std::optional<IndexReading> last;
  for (int tries = 1;; ++tries) {
    if (!system.storage.info(path)) co_return std::nullopt;
    try {
      const IndexLook before = IndexLook::at(system.storage, path);
      last = read_once(system, path);
      const IndexLook after = IndexLook::at(system.storage, path);
      if (after == before) co_return last;
    } catch (const Error&) {
      // What looks damaged may be half of a change.
      if (tries == kReadTries && !last) throw;
    }
    // A process that writes all the time is no reason to say nothing: what was read is nearly so.
    if (tries == kReadTries) co_return last;
    co_await system.clock.sleep_for(kPause);
  }
}

}  // namespace shoal::content
