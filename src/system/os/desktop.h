#pragma once

#include <string>

namespace shoal::os {

/// Lets the desktop show a file, as a click on it would. False when there is no desktop, or nothing
/// that opens files on it. Does not wait for whatever shows it.
bool show_on_desktop(const std::string& path);

}  // namespace shoal::os
