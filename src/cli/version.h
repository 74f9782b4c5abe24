#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace shoal::cli {

/// "shoal/0.1.0": what identify tells other peers.
std::string agent();

/// Version, commit, compiler and libraries.
boost::json::object version_as_json();
/// The same for people, a line for each.
std::string version_as_text();

}  // namespace shoal::cli
