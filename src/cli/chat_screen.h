#pragma once

#include <string>

#include "cli/line_editor.h"
#include "service/chat.h"

namespace shoal::cli {

/// A terminal with a line that is typed at its bottom, and what was said above it. Its keys come
/// one by one, without an echo, until this is destroyed.
class ChatScreen {
 public:
  ChatScreen();
  ~ChatScreen();
  ChatScreen(const ChatScreen&) = delete;
  ChatScreen& operator=(const ChatScreen&) = delete;

  /// What draws the line that is typed.
  std::string line() const;
  /// What puts `text`, which is fit to be shown, above it.
  std::string above(const std::string& text) const;

  LineEditor editor;
};

/// An event for people, fit to be shown.
std::string chat_line(const service::ChatEvent& event, const service::Chat& chat);
std::string who_is_here(const service::Chat& chat);

}  // namespace shoal::cli
