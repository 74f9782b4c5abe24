#include "cli/json_line.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "base/display_text.h"

namespace shoal::cli {

namespace {

std::string to_text(double number) {
  if (!std::isfinite(number)) return "null";
  std::string text = fmt::format("{:.6f}", number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

void append(std::string& out, const boost::json::value& value);

void append(std::string& out, const boost::json::object& object) {
  out += '{';
  char separator = '\0';
  for (const auto& [name, value] : object) {
    if (separator != '\0') out += separator;
    separator = ',';
    out += boost::json::serialize(name);
    out += ':';
    append(out, value);
  }
  out += '}';
}

void append(std::string& out, const boost::json::array& array) {
  out += '[';
  char separator = '\0';
  for (const auto& value : array) {
    if (separator != '\0') out += separator;
    separator = ',';
    append(out, value);
  }
  out += ']';
}

void append(std::string& out, const boost::json::value& value) {
  if (value.is_object()) return append(out, value.get_object());
  if (value.is_array()) return append(out, value.get_array());
  if (value.is_double()) {
    out += to_text(value.get_double());
  } else {
    out += boost::json::serialize(value);
  }
}

}  // namespace

std::string to_json_line(const boost::json::object& object) {
  std::string out;
  append(out, object);
  return as_utf8(out);
}

}  // namespace shoal::cli
