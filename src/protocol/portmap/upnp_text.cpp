#include "protocol/portmap/upnp_text.h"

#include <algorithm>

namespace shoal::portmap::upnp {

namespace {

constexpr std::string_view kSpace = " \t\r\n";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Of what stands between < and >, without its namespace.
std::string_view tag_name(std::string_view tag) {
  const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/"));
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool same_word(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, [](char a, char b) { return lower(a) == lower(b); });
}

std::optional<std::string_view> field(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = head.find('\n');
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && same_word(trimmed(line.substr(0, colon)), name)) {
      return trimmed(line.substr(colon + 1));
    }
    if (end == std::string_view::npos) break;
    head.remove_prefix(end + 1);
  }
  return std::nullopt;
}

std::optional<std::string_view> take_element(std::string_view& xml, std::string_view name) {
  std::optional<std::size_t> begun;
  std::size_t at = 0;
  while (true) {
    const std::size_t open = xml.find('<', at);
    if (open == std::string_view::npos) return std::nullopt;
    const std::size_t close = xml.find('>', open);
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view tag = xml.substr(open + 1, close - open - 1);
    at = close + 1;
    const bool ends = tag.starts_with('/');
    if (tag_name(ends ? tag.substr(1) : tag) != name) continue;
    if (!ends && !begun) {
      if (tag.ends_with('/')) {
        xml.remove_prefix(at);
        return std::string_view();
      }
      begun = at;
    } else if (ends && begun) {
      const std::string_view content = xml.substr(*begun, open - *begun);
      xml.remove_prefix(at);
      return content;
    }
  }
}

std::optional<std::string_view> element(std::string_view xml, std::string_view name) {
  const auto found = take_element(xml, name);
  return found ? std::optional(trimmed(*found)) : std::nullopt;
}

}  // namespace shoal::portmap::upnp
