#pragma once

#include <string>
#include <string_view>

#include "format/cid.h"

namespace shoal::content {

/// Under which a download grows beside its target, hidden, and for this content alone:
/// `.NAME.XXXXXXXX.shoal`.
std::string partial_name(const std::string& name, const Cid& cid);
/// Of the file that is locked by whoever writes there: `.NAME.XXXXXXXX.shoal.lock`.
std::string partial_lock_name(const std::string& name, const Cid& cid);
/// Of the target that was replaced and is to be deleted: `.NAME.XXXXXXXX.shoal.old`, with a number
/// behind it when what could not be deleted once has that name.
std::string old_target_name(const std::string& name, const Cid& cid, unsigned number);
/// Of the target, whole, until the new one is at its place: `.NAME.XXXXXXXX.shoal.kept`.
std::string kept_target_name(const std::string& name, const Cid& cid);
/// Of a folder in which names are tried: `.NAME.XXXXXXXX.shoal.try`.
std::string trial_name(const std::string& name, const Cid& cid);

/// Whether a name has the form of any of these.
bool is_download_name(std::string_view entry);
/// Whether it is an old_target_name() of `name`, for whatever content that was replaced.
bool is_old_target_of(std::string_view entry, const std::string& name);

}  // namespace shoal::content
