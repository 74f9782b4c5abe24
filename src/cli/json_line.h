#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace shoal::cli {

/// An object as JSON on one line. A number that is no integer has at most six decimals and never an
/// exponent, as scripts expect of it; one that is not finite is null.
std::string to_json_line(const boost::json::object& object);

}  // namespace shoal::cli
