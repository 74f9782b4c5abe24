#pragma once

#include <span>
#include <string_view>

#include "format/hamt.h"

namespace shoal {

/// Makes the blocks of a directory as Kubo does: one block while its estimate does not exceed the
/// profile's threshold, shards beyond that. Entries in any order, names not empty and all
/// different, or Error{usage} is thrown.
DirectoryRoot build_directory(std::span<const DagPbLink> entries, const UnixfsProfile& profile,
                              const UnixfsMetadata& metadata, const BlockSink& sink);

/// What the profile compares with its threshold.
std::size_t estimate_directory_bytes(std::span<const DagPbLink> entries,
                                     const UnixfsProfile& profile, const UnixfsMetadata& metadata);

/// Makes the one block of a symbolic link. Kubo keeps the time of one but never its mode.
DagPbLink build_symlink(std::string_view target, const UnixfsProfile& profile,
                        const UnixfsMetadata& metadata, const BlockSink& sink);

}  // namespace shoal
