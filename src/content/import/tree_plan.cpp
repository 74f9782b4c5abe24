#include "content/import/tree_plan.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "content/folder_depth.h"
#include "content/import/own_home.h"
#include "content/partial_name.h"
#include "system/offload.h"

namespace shoal::content {

namespace {

/// Walks one of the paths given.
class Walk {
 public:
  Walk(Storage& storage, const ImportOptions& options, const OwnHome& home,
       const IgnoreRules& excluded, TreePlan& plan)
      : storage_(storage), options_(options), home_(home), excluded_(excluded), plan_(plan) {}

  struct Folder {
    std::size_t index;
    std::string path;      // in the file system
    std::string relative;  // to the root of the walk, with a '/' at its end; "" for the root
    std::shared_ptr<const IgnoreChain> rules;
    std::size_t depth;  // folders that it lies in
  };

  /// Adds what is in `folder` to the plan; returns the folders among it.
  std::vector<Folder> list(Folder folder);

 private:
  std::optional<std::vector<FolderEntry>> names_in(const Folder& folder);
  bool is_wanted(const Folder& folder, const FolderEntry& entry);
  void read_rules(Folder& folder);
  static std::string path_in(const Folder& folder, const std::string& name) {
    return folder.path == "/" ? "/" + name : folder.path + "/" + name;
  }

  Storage& storage_;
  const ImportOptions& options_;
  const OwnHome& home_;
  const IgnoreRules& excluded_;
  TreePlan& plan_;
};

bool Walk::is_wanted(const Folder& folder, const FolderEntry& entry) {
  if (entry.name == kIgnoreFile || is_download_name(entry.name)) return false;
  const std::string relative = folder.relative + entry.name;
  const bool is_folder = entry.kind == FileKind::folder;
  if (excluded_.judge(relative, is_folder) == IgnoreRules::Verdict::ignored) return false;
  if (IgnoreChain::ignores(folder.rules.get(), relative, is_folder)) return false;
  if (options_.hidden || !entry.name.starts_with('.')) return true;
  plan_.omissions.hidden.add(path_in(folder, entry.name));
  return false;
}

void Walk::read_rules(Folder& folder) {
  const std::string path = path_in(folder, kIgnoreFile);
  std::unique_ptr<File> file;
  try {
    file = storage_.open(path, Access::read);
  } catch (const Error&) {
    if (still_is(storage_, path, FileKind::file)) throw;
    return;
  }
  Bytes text(kMaxIgnoreFileBytes + 1);
  text.resize(file->read_at(0, text));
  if (text.size() > kMaxIgnoreFileBytes) {
    throw Error(ErrorCode::limit, "more than a mebibyte of patterns", path);
  }
  IgnoreRules rules(as_text(text));
  if (rules.empty()) return;
  folder.rules = std::make_shared<IgnoreChain>(IgnoreChain{
      .rules = std::move(rules), .folder_bytes = folder.relative.size(), .outer = folder.rules});
}

std::optional<std::vector<FolderEntry>> Walk::names_in(const Folder& folder) {
  try {
    return storage_.list(folder.path);
  } catch (const Error&) {
    if (still_is(storage_, folder.path, FileKind::folder)) throw;
  }
  plan_.leave_out_vanished(folder.index);
  return std::nullopt;
}

std::vector<Walk::Folder> Walk::list(Folder folder) {
  std::vector<Folder> inner;
  const auto names = names_in(folder);
  if (!names) return inner;
  const std::vector<FolderEntry>& found = *names;
  const auto has_rules = [](const FolderEntry& entry) {
    return entry.name == kIgnoreFile && entry.kind == FileKind::file;
  };
  const auto is_rules_link = [](const FolderEntry& entry) {
    return entry.name == kIgnoreFile && entry.kind == FileKind::symlink;
  };
  if (std::ranges::any_of(found, has_rules)) read_rules(folder);
  if (std::ranges::any_of(found, is_rules_link)) {
    plan_.warnings.push_back(folder.path + "/" + kIgnoreFile + ": not read: it is a symlink");
  }
  for (const FolderEntry& entry : found) {
    if (!is_wanted(folder, entry)) continue;
    const std::string path = path_in(folder, entry.name);
    auto info = storage_.info(path);
    if (!info) {
      plan_.omissions.vanished.add(path);
      continue;
    }
    if (info->kind == FileKind::other) {
      plan_.omissions.special.add(path);
      continue;
    }
    if (home_.is(*info)) {
      plan_.warnings.push_back(path + ": left out: the home of this node, with its private key");
      continue;
    }
    const std::size_t index = plan_.entries.size();
    const bool is_folder = info->kind == FileKind::folder;
    if (is_folder && folder.depth == kMaxFolderDepth) {
      throw Error(ErrorCode::limit, "folders are nested too deeply for anybody to get them", path,
                  "share what lies deeper by itself, and --exclude it here");
    }
    if (info->kind == FileKind::file) {
      plan_.bytes += info->size;
      ++plan_.files;
    }
    plan_.entries.push_back({.name = entry.name,
                             .parent = folder.index,
                             .info = *info,
                             .path = {},
                             .children = {},
                             .root = {}});
    plan_.entries[folder.index].children.push_back(index);
    if (is_folder) {
      inner.push_back(
          {index, path, folder.relative + entry.name + "/", folder.rules, folder.depth + 1});
    }
  }
  return inner;
}

Task<void> walk_folder(System& system, const ImportOptions& options, const OwnHome& home,
                       const IgnoreRules& excluded, TreePlan& plan, std::size_t root) {
  Walk walk(system.storage, options, home, excluded, plan);
  std::vector<Walk::Folder> open;
  // One of several that are given lies in the folder that they become.
  const std::size_t depth = root == 0 ? 0 : 1;
  open.push_back({root, plan.entries[root].path, "", nullptr, depth});
  // Some folders a job: a job for each of very many small ones would cost more than they do.
  constexpr std::size_t kEntriesAJob = 1000;
  while (!open.empty()) {
    const auto job = [&] {
      const std::size_t enough = plan.entries.size() + kEntriesAJob;
      while (!open.empty() && plan.entries.size() < enough) {
        Walk::Folder next = std::move(open.back());
        open.pop_back();
        for (auto& inner : walk.list(std::move(next))) open.push_back(std::move(inner));
      }
    };
    co_await offload(system.offload, job);
  }
}

std::string last_part(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

[[noreturn]] void refuse_special(const std::string& path) {
  const bool is_input = path == "/dev/stdin" || path == "/dev/fd/0" || path == "/proc/self/fd/0";
  throw Error(ErrorCode::io, "neither a file nor a folder", path,
              is_input ? "`shoal share -` shares standard input"
                       : "`shoal share - < " + path + "` shares what comes out of it");
}

/// Whether a symlink stands for what a process has open, such as /dev/stdin, and that has no name.
bool leads_to_nameless(Storage& storage, std::string path) {
  constexpr int kMostLinks = 8;
  for (int links = 0; links < kMostLinks; ++links) {
    const auto info = storage.info(path);
    if (!info || info->kind != FileKind::symlink) return false;
    std::string target = storage.read_link(path);
    if (target.find(":[") != std::string::npos) return true;  // pipe:[4711]
    if (!target.starts_with('/')) target.insert(0, path.substr(0, path.rfind('/') + 1));
    path = std::move(target);
  }
  return false;
}

/// Where a symlink leads, from the root on.
std::string follow(Storage& storage, const std::string& link) {
  try {
    std::string target = storage.absolute(link);
    // One that leads nowhere resolves to itself.
    const auto there = storage.info(target);
    if (there && there->kind != FileKind::symlink) return target;
  } catch (const Error&) {
  }
  if (leads_to_nameless(storage, link)) refuse_special(link);
  throw Error(ErrorCode::io, "a symlink to what is not there", link);
}

PlanEntry look_at(Storage& storage, const OwnHome& home, std::string given) {
  while (given.size() > 1 && given.ends_with('/')) given.pop_back();
  auto info = storage.info(given);
  if (given.empty() || !info) throw Error(ErrorCode::io, "no such file or folder", given);
  const bool is_link = info->kind == FileKind::symlink;
  std::string path = is_link ? follow(storage, given) : storage.absolute(given);
  if (is_link) info = storage.info(path).value();
  if (info->kind == FileKind::other) refuse_special(given);
  if (home.holds(storage, path)) {
    throw Error(ErrorCode::usage, "belongs to this node's home, where its private key lies", path,
                "share what lies elsewhere, or name another home with --home DIR");
  }
  std::string name = last_part(given);
  if (name.empty() || name == "." || name == "..") name = last_part(path);
  return {
      .name = std::move(name), .info = *info, .path = std::move(path), .children = {}, .root = {}};
}

PlanEntry standard_input(Storage& storage, const StandardInput& input) {
  PlanEntry entry{.name = kStandardInputName,
                  .info = {},
                  .path = kStandardInputPath,
                  .children = {},
                  .root = {}};
  if (!input.hashed) {
    entry.path = input.path;
    entry.info = storage.info(input.path).value();
    return entry;
  }
  entry.info.size = input.hashed->root.content_bytes;
  entry.root = input.hashed->root.cid;
  entry.tsize = input.hashed->root.tsize;
  entry.blocks = input.hashed->blocks;
  return entry;
}

void add_given(TreePlan& plan, PlanEntry entry) {
  if (entry.info.kind == FileKind::file) {
    plan.bytes += entry.info.size;
    ++plan.files;
  }
  const std::size_t index = plan.entries.size();
  if (index > 0) {
    entry.parent = 0;
    plan.entries[0].children.push_back(index);
  }
  plan.entries.push_back(std::move(entry));
}

void check_names(const std::vector<PlanEntry>& given) {
  std::map<std::string, std::string> names;
  for (const PlanEntry& entry : given) {
    const auto [other, is_new] = names.emplace(entry.name, entry.path);
    if (is_new) continue;
    throw Error(ErrorCode::usage, "has the same name as " + other->second, entry.path,
                "share their folder, or one at a time");
  }
}

}  // namespace

bool still_is(Storage& storage, const std::string& path, FileKind kind) {
  try {
    const auto info = storage.info(path);
    return info && info->kind == kind;
  } catch (const Error&) {
    return true;
  }
}

void TreePlan::leave_out_vanished(std::size_t index) {
  if (!entries[index].path.empty()) {
    throw Error(ErrorCode::io, "vanished while it was read", entries[index].path,
                "run the same command again when it is back");
  }
  leave_out(index, omissions.vanished);
}

void TreePlan::leave_out_changing(std::size_t index) {
  if (!entries[index].path.empty()) {
    throw Error(ErrorCode::io, "changes while it is read", entries[index].path,
                "wait until nobody writes to it");
  }
  leave_out(index, omissions.changing);
}

void TreePlan::leave_out(std::size_t index, LeftOut& reason) {
  PlanEntry& entry = entries[index];
  entry.left_out = true;
  entry.blocks = 0;
  reason.add(path_of(index));
  if (entry.info.kind != FileKind::file) return;
  bytes -= entry.info.size;
  --files;
}

std::string TreePlan::path_of(std::size_t index) const {
  std::vector<const std::string*> names;
  while (entries[index].path.empty()) {
    names.push_back(&entries[index].name);
    index = entries[index].parent;
  }
  std::string path = entries[index].path;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (path != "/") path += '/';
    path += **name;
  }
  return path;
}

Error with_hint(Storage& storage, const std::vector<std::string>& paths, const Error& error) {
  const auto is_around = [&](const std::string& path) {
    try {
      const std::string folder = storage.absolute(path);
      return error.subject().starts_with(folder == "/" ? folder : folder + "/");
    } catch (const Error&) {
      return false;  // it leads nowhere, which the error says
    }
  };
  if (error.code() != ErrorCode::io || !std::ranges::any_of(paths, is_around)) return error;
  const std::string hint = error.hint().empty() ? "" : error.hint() + ", or ";
  return Error(ErrorCode::io, error.message(), error.subject(),
               hint + "leave it out with --exclude");
}

Task<TreePlan> plan_tree(System& system, std::vector<std::string> paths,
                         const ImportOptions& options) {
  if (paths.empty()) throw Error(ErrorCode::usage, "no path given");
  IgnoreRules excluded;
  for (const std::string& pattern : options.exclude) excluded.add(pattern);
  const OwnHome home(system.storage, options.home);
  std::vector<PlanEntry> given;
  for (std::string& path : paths) {
    const bool is_input = options.standard_input && path == kStandardInputPath;
    given.push_back(is_input ? standard_input(system.storage, *options.standard_input)
                             : look_at(system.storage, home, std::move(path)));
  }
  check_names(given);
  TreePlan plan;
  if (given.size() > 1) {
    PlanEntry folder{.name = {}, .info = {}, .path = {}, .children = {}, .root = {}};
    folder.info.kind = FileKind::folder;
    plan.entries.push_back(std::move(folder));
  }
  for (PlanEntry& entry : given) add_given(plan, std::move(entry));
  const std::size_t roots = plan.entries.size();
  for (std::size_t index = given.size() > 1 ? 1 : 0; index < roots; ++index) {
    if (plan.entries[index].info.kind != FileKind::folder) continue;
    co_await walk_folder(system, options, home, excluded, plan, index);
  }
  co_return plan;
}

}  // namespace shoal::content
