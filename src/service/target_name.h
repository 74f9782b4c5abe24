#pragma once

#include <optional>
#include <string>

#include "service/link.h"
#include "system/storage.h"

namespace shoal::service {

/// Where a download goes.
struct TargetPlace {
  std::string folder;  // absolute, exists
  std::string name;    // one file name
  /// `folder` is what `-o` named, without a sign that a download of this content made it. If it
  /// holds the content all the same, it is the target itself: see folder_itself().
  bool in_given_folder = false;
};

/// The name that the link suggests: its filename, else the last part of its path, else the CID;
/// made into one harmless file name, whatever it says.
std::string suggested_name(const Link& link);

/// `output` as `get -o` takes it: a folder to put the suggested name into, else the path itself;
/// empty is the working directory. A folder that an earlier run of the same link made, or has begun
/// to replace, is the target itself. Throws Error{io} when the folder is not there.
TargetPlace choose_target(Storage& storage, const Link& link, const std::string& output);

/// The place of the folder that was given; none of the root of all folders.
std::optional<TargetPlace> folder_itself(const TargetPlace& place);

}  // namespace shoal::service
