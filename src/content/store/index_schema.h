#pragma once

#include <string>

#include "content/store/block_store.h"
#include "content/store/database.h"

namespace shoal::content {

/// Brings the database up to the schema of this program: makes the tables of an empty one, converts
/// older versions in one transaction, and looks through a small one for damage. Ids of files are
/// larger than `last_file`. Throws DamagedDatabase, also for a newer schema.
void prepare_tables(Database& database, FileId last_file);

/// Adds the rows of the database at `path` that this one does not know. Those of another schema
/// are left there. The database has no open transaction, before and after. Throws Error{io}.
void take_over_rows(Database& database, const std::string& path);

}  // namespace shoal::content
