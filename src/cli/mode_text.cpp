#include "cli/mode_text.h"

namespace shoal::cli {

namespace {

char type_letter(service::EntryKind kind) {
  switch (kind) {
    case service::EntryKind::file:
      return '-';
    case service::EntryKind::folder:
      return 'd';
    case service::EntryKind::symlink:
      return 'l';
    case service::EntryKind::unknown:
      break;
  }
  return '?';
}

/// The letter for execution, which setuid, setgid and sticky bits change.
char execute_letter(bool executable, bool special, char letter) {
  if (!special) return executable ? 'x' : '-';
  return executable ? letter : static_cast<char>(letter - 'a' + 'A');
}

}  // namespace

std::string mode_text(service::EntryKind kind, std::optional<std::uint32_t> mode) {
  std::string text(1, type_letter(kind));
  if (!mode) return text + std::string(9, ' ');
  for (int who = 0; who < 3; ++who) {
    const std::uint32_t bits = *mode >> (6 - 3 * who);
    text += (bits & 4) != 0 ? 'r' : '-';
    text += (bits & 2) != 0 ? 'w' : '-';
    text += execute_letter((bits & 1) != 0, (*mode & (04000u >> who)) != 0, who == 2 ? 't' : 's');
  }
  return text;
}

std::string_view type_name(service::EntryKind kind) {
  switch (kind) {
    case service::EntryKind::file:
      return "file";
    case service::EntryKind::folder:
      return "folder";
    case service::EntryKind::symlink:
      return "symlink";
    case service::EntryKind::unknown:
      break;
  }
  return "unknown";
}

}  // namespace shoal::cli
