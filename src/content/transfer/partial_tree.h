#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "content/transfer/tree_sink.h"
#include "system/storage.h"

namespace shoal::content {

/// The steps of writing a tree under a temporary name. All block; they belong into offload().

std::string join_path(std::string_view folder, std::string_view path);

/// The nearest time that can be told: anybody may claim any year.
WallTime to_wall(const UnixfsTime& time);

/// The longest path that Linux takes in one call.
inline constexpr std::size_t kMaxPathBytes = 4095;

/// Why a name is not placed where the disk does not tell it from another.
inline constexpr std::string_view kOneName =
    "another name of the tree is the same to this file system";

/// The mode that a file or folder gets: what the tree says, within the umask and without setuid,
/// setgid and sticky bits. None for a symlink, and when the tree says nothing.
std::optional<std::uint32_t> wanted_mode(const UnixfsMetadata& metadata, FileKind kind,
                                         std::uint32_t umask);

/// Opens a file to write it. Unless an earlier run may have made it, Error{unsupported} when it is
/// there: a disk that does not tell upper from lower case, or one way to write é from another, has
/// it under another name of the tree.
std::unique_ptr<File> make_file(Folder& folder, const std::string& at, bool may_be_there);

/// The same of a folder and of a symlink.
void make_new_folder(Folder& folder, const std::string& at);
void make_new_link(Folder& folder, const std::string& target, const std::string& at);

/// Zeros are not written into a hole: sparse files stay sparse.
void write_sparsely(File& file, std::uint64_t offset, ByteView bytes);

bool is_folder(Folder& folder, const std::string& path);

/// Whether a partial tree has something of this kind at a path. Anything else is removed; what its
/// owner could not go on with, since its mode was set already, is opened up again.
bool make_way(Folder& folder, const std::string& at, FileKind kind);

}  // namespace shoal::content
