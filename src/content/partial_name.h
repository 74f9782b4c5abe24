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

/// Whether a name has the form of either.
bool is_partial_or_lock_name(std::string_view name);

}  // namespace shoal::content
