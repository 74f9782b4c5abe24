#include "cli/chat_screen.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/display_text.h"
#include "cli/terminal.h"

namespace shoal::cli {

namespace {

constexpr std::string_view kPrompt = "> ";
constexpr const char* kEraseLine = "\r\x1b[K";
constexpr std::size_t kNameColumns = 24;
constexpr std::size_t kSuffix = 4;

/// A name alone proves nothing: where two have the same, each is shown with the end of its id.
std::string shown_name(const PeerId& peer, const std::string& name, const service::Chat& chat) {
  const std::string text = shorten(for_terminal(name.empty() ? "somebody" : name), kNameColumns);
  const auto members = chat.members();
  const auto same = [&](const service::ChatMember& member) {
    return member.name == name && member.peer != peer;
  };
  if (name != chat.name() && std::ranges::none_of(members, same)) return text;
  const std::string id = peer.to_string();
  return text + "#" + id.substr(id.size() - std::min(kSuffix, id.size()));
}

}  // namespace

ChatScreen::ChatScreen() {
  take_terminal_keys();
}

ChatScreen::~ChatScreen() {
  restore_terminal();
}

std::string ChatScreen::line() const {
  const std::size_t width = terminal_width();
  const auto view = editor.view(width - std::min(width, kPrompt.size()));
  std::string out = fmt::format("{}{}{}\r", kEraseLine, kPrompt, view.text);
  return out + fmt::format("\x1b[{}C", kPrompt.size() + view.cursor);
}

std::string ChatScreen::above(const std::string& text) const {
  return kEraseLine + text + "\n" + line();
}

std::string chat_line(const service::ChatEvent& event, const service::Chat& chat) {
  using Kind = service::ChatEvent::Kind;
  if (event.kind == Kind::missed) return fmt::format("({} lines were lost)", event.count);
  const std::string name = shown_name(*event.peer, event.name, chat);
  switch (event.kind) {
    case Kind::joined:
      return fmt::format("* {} is here", name);
    case Kind::left:
      return fmt::format("* {} has left", name);
    case Kind::renamed: {
      const std::string id = event.peer->to_string();
      return fmt::format("* {} is the new name of …{}", name, id.substr(id.size() - kSuffix));
    }
    default:
      return fmt::format("{}{}: {}", event.old ? "  " : "", name, for_terminal(event.text));
  }
}

std::string who_is_here(const service::Chat& chat) {
  std::string out = "* here: " + for_terminal(chat.name()) + " (you)";
  for (const auto& member : chat.members()) {
    out += ", " + shown_name(member.peer, member.name, chat);
  }
  return out;
}

}  // namespace shoal::cli
