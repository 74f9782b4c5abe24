#include <fmt/format.h>

#include "base/display_text.h"
#include "cli/commands.h"
#include "cli/json_line.h"
#include "cli/looking.h"
#include "cli/mode_text.h"
#include "cli/units.h"
#include "service/target_name.h"

namespace shoal::cli {

namespace {

using service::EntryKind;
using service::Listed;

boost::json::value mode_value(const Listed& entry) {
  if (!entry.metadata.mode) return nullptr;
  return boost::json::string(fmt::format("{:04o}", *entry.metadata.mode & kUnixfsModeBits));
}

/// Seconds since 1970, with a fraction when there is one.
boost::json::value mtime_value(const Listed& entry) {
  const auto& mtime = entry.metadata.mtime;
  if (!mtime) return nullptr;
  if (mtime->nanos == 0) return mtime->seconds;
  return static_cast<double>(mtime->seconds) + mtime->nanos / 1e9;
}

boost::json::object to_json(const Listed& entry, const std::string& name) {
  boost::json::value target = nullptr;
  if (entry.kind == EntryKind::symlink) target = entry.target;
  return {{"name", name},
          {"path", entry.path},
          {"type", type_name(entry.kind)},
          {"size", entry.bytes},
          {"mode", mode_value(entry)},
          {"mtime", mtime_value(entry)},
          {"cid", entry.cid.to_string()},
          {"target", std::move(target)}};
}

std::string to_text(const Listed& entry, const std::string& shown) {
  auto mode = entry.metadata.mode;
  if (mode) *mode &= kUnixfsModeBits;
  std::string text = fmt::format("{}  {:>8}  {}", mode_text(entry.kind, mode),
                                 format_size(entry.bytes), for_terminal(shown));
  if (entry.kind == EntryKind::folder) text += '/';
  if (entry.kind == EntryKind::symlink) text += " -> " + for_terminal(entry.target);
  return text;
}

class LsCommand final : public LookingCommand {
 public:
  LsCommand(service::Link link, bool recursive, content::TreeLimits limits)
      : LookingCommand(std::move(link), limits), recursive_(recursive) {}

 private:
  Task<void> look(service::Reader& reader, Cid cid) override {
    return reader.list(std::move(cid), recursive_,
                       [this](const Listed& entry) { return show(entry); });
  }

  /// What the link itself names, when that is no folder, has no path below it.
  std::string name_of(const Listed& entry) {
    if (!entry.path.empty()) return entry.path.substr(entry.path.rfind('/') + 1);
    return service::suggested_name(link());
  }

  Task<void> show(Listed entry) {
    moved();
    const std::string name = name_of(entry);
    const bool json = session().output().json();
    std::string line = json ? to_json_line(to_json(entry, name))
                            : to_text(entry, entry.path.empty() ? name : entry.path);
    line += '\n';
    co_await write(as_bytes(line));
  }

  const bool recursive_;
};

}  // namespace

std::unique_ptr<Command> make_ls(service::Link link, bool recursive, content::TreeLimits limits) {
  return std::make_unique<LsCommand>(std::move(link), recursive, limits);
}

}  // namespace shoal::cli
