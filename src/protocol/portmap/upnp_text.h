#pragma once

#include <optional>
#include <string_view>

/// Pure helpers for the text of UPnP. All take one pass over what they look through.
namespace shoal::portmap::upnp {

std::string_view trimmed(std::string_view text);
/// Without regard to ASCII case.
bool same_word(std::string_view one, std::string_view other);
/// The value of a field in the head of an HTTP message.
std::optional<std::string_view> field(std::string_view head, std::string_view name);

/// The content of the first element `name`, whatever its namespace. Moves `xml` behind it. Routers'
/// XML is neither nested within itself nor has comments where it matters, so no tree is built.
std::optional<std::string_view> take_element(std::string_view& xml, std::string_view name);
std::optional<std::string_view> element(std::string_view xml, std::string_view name);

}  // namespace shoal::portmap::upnp
