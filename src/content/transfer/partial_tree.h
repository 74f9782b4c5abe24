#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "content/transfer/tree_sink.h"
#include "system/storage.h"

namespace shoal::content {

/// The steps of writing a tree under a temporary name. All block; they belong into offload().

std::string join_path(std::string_view folder, std::string_view path);

/// The nearest time that can be told: anybody may claim any year.
WallTime to_wall(const UnixfsTime& time);

/// Opens a file to write it. Unless an earlier run may have made it, Error{unsupported} when it is
/// there: a disk that does not tell upper from lower case, or one way to write é from another, has
/// it under another name of the tree.
std::unique_ptr<File> make_file(Folder& folder, const std::string& at, bool may_be_there);

/// Zeros are not written into a hole: sparse files stay sparse.
void write_sparsely(File& file, std::uint64_t offset, ByteView bytes);

bool is_folder(Folder& folder, const std::string& path);

/// Whether a partial tree has something of this kind at a path. Anything else is removed; what its
/// owner could not go on with, since its mode was set already, is opened up again.
bool make_way(Folder& folder, const std::string& at, FileKind kind);

}  // namespace shoal::content
