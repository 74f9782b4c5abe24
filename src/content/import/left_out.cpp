#include "content/import/left_out.h"

#include <fmt/format.h>

namespace shoal::content {

std::string to_text(const LeftOut& left_out, std::string_view reason) {
  if (left_out.count == 0) return {};
  std::string names;
  for (const std::string& path : left_out.first) names += (names.empty() ? "" : ", ") + path;
  if (left_out.count > left_out.first.size()) names += ", ...";
  return fmt::format("{} {} ({})", left_out.count, reason, names);
}

std::string unexpected_text(const Omissions& omissions) {
  std::string text;
  for (const std::string& part : {to_text(omissions.special, "neither file nor folder"),
                                  to_text(omissions.vanished, "that vanished meanwhile"),
                                  to_text(omissions.changing, "that changed while being read")}) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

}  // namespace shoal::content
