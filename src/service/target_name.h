#pragma once

#include <string>

#include "service/link.h"
#include "system/storage.h"

namespace shoal::service {

/// Where a download goes.
struct TargetPlace {
  std::string folder;  // absolute, exists
  std::string name;    // one file name
};

/// The name that the link suggests: its filename, else the last part of its path, else the CID;
/// made into one harmless file name, whatever it says.
std::string suggested_name(const Link& link);

/// `output` as `get -o` takes it: a folder to put the suggested name into, else the path itself;
/// empty is the working directory. Throws Error{io} when the folder is not there.
TargetPlace choose_target(Storage& storage, const Link& link, const std::string& output);

}  // namespace shoal::service
