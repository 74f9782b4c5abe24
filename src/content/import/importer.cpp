#include "content/import/importer.h"

#include "base/error.h"
#include "content/import/content_reader.h"
#include "content/import/tree_plan.h"
#include "format/directory_layout.h"
#include "system/offload.h"
#include "system/yield.h"

namespace shoal::content {

namespace {

/// Entries of a plan: most are files, of which nothing is left to do.
constexpr std::size_t kLookedAtTogether = 4096;

struct MadeBlock {
  Cid cid;
  Bytes bytes;
};

/// A folder's or a symlink's own blocks, and its root among them.
struct MadeEntry {
  Cid root;
  std::uint64_t tsize = 0;
  std::vector<MadeBlock> blocks;
};

MadeEntry make_folder_blocks(const std::vector<DagPbLink>& links, const UnixfsProfile& profile,
                             const UnixfsMetadata& metadata) {
  std::vector<MadeBlock> blocks;
  const auto sink = [&](const Cid& cid, Bytes block) {
    blocks.push_back({.cid = cid, .bytes = std::move(block)});
  };
  const DirectoryRoot root = build_directory(links, profile, metadata, sink);
  return {.root = root.cid, .tsize = root.tsize, .blocks = std::move(blocks)};
}

MadeEntry make_symlink_blocks(std::string_view target, const UnixfsProfile& profile,
                              const UnixfsMetadata& metadata) {
  std::vector<MadeBlock> blocks;
  const auto sink = [&](const Cid& cid, Bytes block) {
    blocks.push_back({.cid = cid, .bytes = std::move(block)});
  };
  const DagPbLink link = build_symlink(target, profile, metadata, sink);
  return {.root = link.cid, .tsize = link.tsize, .blocks = std::move(blocks)};
}

}  // namespace

struct Importer::State {
  State(System& the_system, BlockStore* the_store, ImportOptions the_options)
      : system(the_system), store(the_store), options(std::move(the_options)) {
    // As Kubo does: only a dag-pb node has room for mode and time.
    if (options.preserve) options.profile.raw_leaves = false;
  }

  Task<ImportResult> import(std::vector<std::string> paths);
  Task<void> make_entry(std::size_t index);
  Task<std::optional<MadeEntry>> made_folder(std::size_t index);
  /// None when it is gone.
  Task<std::optional<MadeEntry>> made_symlink(std::size_t index);
  ImportResult result() const;

  System& system;
  BlockStore* store;
  ImportOptions options;
  TreePlan plan;
  std::unique_ptr<ContentReader> reader;
};

Task<ImportResult> Importer::State::import(std::vector<std::string> paths) {
  plan = co_await plan_tree(system, std::move(paths), options);
  reader = std::make_unique<ContentReader>(system, store, options, plan);
  co_await reader->run();
  Yield yield(system);
  // What is in a folder stands behind it.
  for (std::size_t index = plan.entries.size(); index-- > 0;) {
    const PlanEntry& entry = plan.entries[index];
    if (index % kLookedAtTogether == 0) co_await yield.step();
    if (entry.info.kind != FileKind::file && !entry.left_out) co_await make_entry(index);
  }
  if (store != nullptr) store->commit();
  // Some 250 bytes a file, which a share does not keep for as long as it runs; to look through them
  // and to free them takes longer than a turn of the event loop may.
  const auto job = [&] {
    ImportResult out = result();
    plan.entries = {};
    return out;
  };
  ImportResult out = co_await offload(system.offload, job);
  co_return out;
}

Task<void> Importer::State::make_entry(std::size_t index) {
  const bool is_symlink = plan.entries[index].info.kind == FileKind::symlink;
  Task<std::optional<MadeEntry>> making = is_symlink ? made_symlink(index) : made_folder(index);
  const std::optional<MadeEntry> made = co_await std::move(making);
  if (!made) {
    plan.leave_out_vanished(index);
    co_return;
  }
  PlanEntry& entry = plan.entries[index];
  entry.root = made->root;
  entry.tsize = made->tsize;
  entry.blocks = made->blocks.size();
  for (const std::size_t child : entry.children) entry.blocks += plan.entries[child].blocks;
  if (store == nullptr) co_return;
  for (const MadeBlock& block : made->blocks) store->put_later(block.cid.hash(), block.bytes);
}

Task<std::optional<MadeEntry>> Importer::State::made_folder(std::size_t index) {
  const PlanEntry& entry = plan.entries[index];
  std::vector<DagPbLink> links;
  links.reserve(entry.children.size());
  for (const std::size_t child : entry.children) {
    const PlanEntry& inner = plan.entries[child];
    if (inner.left_out) continue;
    links.push_back({.cid = *inner.root, .name = inner.name, .tsize = inner.tsize});
  }
  // The folder around several paths is none of the file system's.
  const bool has_metadata = options.preserve && (index > 0 || !entry.path.empty());
  UnixfsMetadata metadata;
  if (has_metadata) metadata = metadata_from(entry.info, FileKind::folder);
  const auto job = [&] { return make_folder_blocks(links, options.profile, metadata); };
  MadeEntry made = co_await offload(system.offload, job);
  co_return made;
}

Task<std::optional<MadeEntry>> Importer::State::made_symlink(std::size_t index) {
  const PlanEntry& entry = plan.entries[index];
  const std::string path = plan.path_of(index);
  UnixfsMetadata metadata;
  if (options.preserve) metadata = metadata_from(entry.info, FileKind::symlink);
  const auto job = [&]() -> std::optional<MadeEntry> {
    if (!still_is(system.storage, path, FileKind::symlink)) return std::nullopt;
    return make_symlink_blocks(system.storage.read_link(path), options.profile, metadata);
  };
  std::optional<MadeEntry> made = co_await offload(system.offload, job);
  co_return made;
}

ImportResult Importer::State::result() const {
  const PlanEntry& root = plan.entries.front();
  ImportResult out{.root = *root.root,
                   .name = options.name.empty() ? root.name : options.name,
                   .files = plan.files,
                   .blocks = root.blocks,
                   .dag_bytes = root.tsize,
                   .bytes_hashed = reader->bytes_hashed(),
                   .omissions = plan.omissions,
                   .warnings = plan.warnings};
  for (const PlanEntry& entry : plan.entries) {
    if (entry.info.kind != FileKind::file || entry.left_out) continue;
    out.bytes += entry.info.size;
    const bool is_executable = (entry.info.mode & 0111) != 0;
    if (is_executable && !options.preserve) ++out.omissions.executables;
  }
  return out;
}

Importer::Importer(System& system, BlockStore* store, ImportOptions options)
    : state_(std::make_unique<State>(system, store, std::move(options))) {}

Importer::~Importer() = default;

Task<ImportResult> Importer::import(std::vector<std::string> paths) {
  try {
    ImportResult result = co_await state_->import(paths);
    co_return result;
  } catch (const Error& error) {
    throw with_hint(state_->system.storage, paths, error);
  }
}

ImportProgress Importer::progress() const {
  if (!state_->reader) return {};
  return {.path = state_->reader->current_path(),
          .bytes_done = state_->reader->bytes_done(),
          .bytes_total = state_->plan.bytes};
}

}  // namespace shoal::content
