#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/overloaded.h"
#include "content/block.h"
#include "content/transfer/tree_walk.h"
#include "format/name_check.h"
#include "system/offload.h"

// What visiting an item of the walk does. When that happens: tree_walk.cpp.

namespace shoal::content {

namespace {

// A node of this size is decoded in a moment, into little memory.
constexpr std::size_t kSmallNodeBytes = 8 * 1024;

}  // namespace

template <class Decode>
Task<std::invoke_result_t<Decode>> TreeWalk::decoded(const SharedBytes& block, Decode decode) {
  if (block.size() <= kSmallNodeBytes) co_return decode();
  while (decoding_) co_await decoded_.wait();
  decoding_ = true;
  std::optional<std::invoke_result_t<Decode>> result;
  std::exception_ptr failure;
  try {
    result = co_await offload(system_.offload, decode);
  } catch (...) {
    failure = std::current_exception();
  }
  decoding_ = false;
  decoded_.notify_one();
  if (failure) std::rethrow_exception(failure);
  co_return std::move(*result);
}

Task<UnixfsNode> TreeWalk::describe(const Cid& cid, const SharedBytes& block) {
  return decoded(block, [&cid, &block] { return describe_node(cid, block.view()); });
}

Task<FileNode> TreeWalk::describe_part(const FilePart& part, const SharedBytes& block) {
  return decoded(block, [&part, &block] { return describe_file_part(part, block.view()); });
}

bool TreeWalk::count_visit(const Cid& cid, std::uint64_t bytes) {
  return !limits_.bound_repeats || budget_.visit(cid, bytes);
}

void TreeWalk::count_entries(bool first_visit, std::size_t count) {
  entries_ += count;
  budget_.add_entries(first_visit, count);
  if (entries_ > limits_.max_entries && !limits_.confirmed.max_entries) {
    throw Error(ErrorCode::limit, "the tree has too many entries", {}, "--max-files N allows more");
  }
}

void TreeWalk::check_budget(const Item& item) const {
  if (limits_.bound_repeats) budget_.check(item.cid, [&] { return path_of(item); });
}

std::string TreeWalk::path_of(const Item& item) const {
  return std::visit(Overloaded{[this](const Entry& entry) { return path_of(entry); },
                               [](const Shard& shard) { return shard.folder->path; },
                               [](const MoreEntries& more) { return more.folder->path; },
                               [](const Part& part) { return part.file->path; },
                               [](const MoreParts& more) { return more.node.file->path; }},
                    item.place);
}

/// What the disk or a peer did has its own subject.
Error TreeWalk::located(const Error& error, const Item& item) const {
  const bool of_tree = error.code() == ErrorCode::malformed || error.code() == ErrorCode::limit ||
                       error.code() == ErrorCode::unsupported;
  const bool has_place = !error.subject().empty() && error.subject() != item.cid.to_string();
  if (!of_tree || has_place) return error;
  return content::located(error, path_of(item), item.cid);
}

Task<void> TreeWalk::visit(Item& item) {
  if (const auto* entry = std::get_if<Entry>(&item.place)) {
    co_await visit_entry(item, *entry);
    if (entry->folder) co_await leave(entry->folder);
  } else if (const auto* shard = std::get_if<Shard>(&item.place)) {
    co_await visit_shard(item, *shard);
    co_await leave(shard->folder);
  } else if (const auto* entries = std::get_if<MoreEntries>(&item.place)) {
    co_await visit_more_entries(item, *entries);
    co_await leave(entries->folder);
  } else if (const auto* parts = std::get_if<MoreParts>(&item.place)) {
    co_await visit_more_parts(item, *parts);
    co_await end_part(parts->node);
  } else {
    const auto& part = std::get<Part>(item.place);
    co_await visit_part(item, part);
    co_await end_part(part);
  }
}

/// One part of a file less is open.
Task<void> TreeWalk::end_part(const Part& part) {
  if (--part.file->open_items > 0) co_return;
  co_await sink_.end_file(*part.file);
  if (part.folder) co_await leave(part.folder);
}

Task<void> TreeWalk::visit_entry(Item& item, const Entry& entry) {
  if (item.cid.is(Codec::raw)) {
    co_await visit_raw_entry(item, entry);
    co_return;
  }
  const std::optional<SharedBytes> block = co_await get(item);
  if (!block) co_return;
  UnixfsNode node = co_await describe(item.cid, *block);
  const auto* file = std::get_if<FileNode>(&node.kind);
  if (file == nullptr || !leaf_in(item.cid, *file, block->view())) {
    source_.keep(item.cid, *block);
    if (defer(item)) co_return;
  }
  ++counts_.blocks;
  if (const auto* link = std::get_if<SymlinkNode>(&node.kind)) {
    count_visit(item.cid, block->size());
    counts_.node_bytes += block->size();
    co_await sink_.symlink(path_of(entry), link->target, node.metadata);
  } else if (file != nullptr) {
    co_await open_file(item, entry, std::move(node), *block);
  } else {
    co_await open_folder(item, entry, std::move(node), *block);
  }
}

/// A file of one raw block: its size is known when it is there.
Task<void> TreeWalk::visit_raw_entry(Item& item, const Entry& entry) {
  const std::string path = path_of(entry);
  std::optional<std::uint64_t> size = co_await sink_.holds_file(path, item.cid);
  if (size) {
    ++counts_.blocks_on_disk;
    budget_.add_content(*size);
    check_budget(item);
  } else {
    const std::optional<SharedBytes> block = co_await get(item);
    if (!block) co_return;
    size = block->size();
    count_visit(item.cid, *size);
    budget_.add_content(*size);
    check_budget(item);
    co_await sink_.small_file(path, item.cid, *block);
  }
  ++counts_.blocks;
  ++counts_.files;
  counts_.content_bytes += *size;
  counts_.done_bytes += *size;
}

Task<void> TreeWalk::open_file(const Item& item, const Entry& entry, UnixfsNode described,
                               SharedBytes block) {
  auto& node = std::get<FileNode>(described.kind);
  auto file = std::make_shared<TreeFile>();
  file->path = path_of(entry);
  file->size = node.length;
  file->metadata = described.metadata;
  count_visit(item.cid, block.size());
  budget_.add_content(file->size);
  check_budget(item);
  ++counts_.files;
  const bool small = block.size() <= kSmallNodeBytes;
  if (!small) node.children = std::vector<FilePart>();
  co_await sink_.begin_file(*file);
  // Only now: what does not fit the disk accounts for nothing.
  counts_.content_bytes += file->size;
  const Part whole{file, entry.folder,
                   FilePart{.cid = item.cid, .offset = 0, .length = file->size, .depth = 0}};
  // The file stays open while this, which finds its parts, is under way.
  ++file->open_items;
  if (entry.folder) ++entry.folder->open_items;
  if (!small) node = co_await describe_part(whole.part, block);
  co_await add_content(whole, std::move(node), block);
  co_await end_part(whole);
}

Task<void> TreeWalk::visit_part(Item& item, const Part& part) {
  const Cid& cid = item.cid;
  const FilePart& range = part.part;
  const bool may_be_leaf = range.length <= kMaxBlockBytes;
  if (may_be_leaf) {
    const bool there = co_await sink_.holds(*part.file, cid, range.offset, range.length);
    if (there) {
      ++counts_.blocks;
      ++counts_.blocks_on_disk;
      counts_.done_bytes += range.length;
      co_return;
    }
  }
  const std::optional<SharedBytes> block = co_await get(item);
  if (!block) co_return;
  FileNode node = co_await describe_part(range, *block);
  if (!leaf_in(cid, node, block->view())) {
    source_.keep(cid, *block);
    if (defer(item)) co_return;
  }
  ++counts_.blocks;
  count_visit(cid, block->size());
  check_budget(item);
  co_await add_content(part, std::move(node), *block);
}

Task<void> TreeWalk::visit_more_parts(Item& item, const MoreParts& more) {
  const std::optional<SharedBytes> block = co_await get(item);
  if (!block) co_return;
  const FileNode node = co_await describe_part(more.node.part, *block);
  push_parts(more.node, node.children, more.from);
}

Task<void> TreeWalk::add_content(const Part& part, FileNode node, const SharedBytes& block) {
  push_parts(part, node.children, 0);
  count_node(block.size() - node.content.size());
  if (node.content.empty()) co_return;
  node.children = std::vector<FilePart>();
  const auto at = static_cast<std::size_t>(node.content.data() - block.view().data());
  const SharedBytes inside = block.part(at, node.content.size());
  const std::optional<TreeLeaf> leaf = leaf_in(part.part.cid, node, block.view());
  co_await sink_.content(*part.file, node.offset, inside, leaf ? &*leaf : nullptr);
  counts_.done_bytes += inside.size();
}

Task<void> TreeWalk::open_folder(const Item& item, const Entry& entry, UnixfsNode node,
                                 SharedBytes block) {
  const Cid& cid = item.cid;
  auto folder = std::make_shared<FolderState>();
  folder->path = path_of(entry);
  folder->parent = entry.folder;
  folder->metadata = node.metadata;
  folder->depth = entry.folder ? entry.folder->depth + 1 : 0;
  if (folder->depth > limits_.max_depth) {
    throw Error(ErrorCode::limit, "folders are nested too deeply");
  }
  const bool first_visit = count_visit(cid, block.size());
  auto* plain = std::get_if<DirectoryNode>(&node.kind);
  if (plain != nullptr) {
    count_entries(first_visit, plain->entries.size());
    for (const DagPbLink& named : plain->entries) check_entry_name(named.name);
  }
  check_budget(item);
  if (folder->parent) ++folder->parent->open_items;
  ++folder->open_items;
  const bool small = block.size() <= kSmallNodeBytes;
  if (!small && plain != nullptr) plain->entries = std::vector<DagPbLink>();
  co_await sink_.begin_folder(folder->path);
  if (plain == nullptr) {
    const std::size_t most = limits_.confirmed.max_entries.value_or(limits_.max_entries);
    folder->shards = std::make_unique<HamtWalk>(cid, most);
    folder->shards->take_wanted();
    open_shard(item, folder, block, first_visit);
  } else {
    if (!small) node = co_await describe(cid, block);
    push_entries(folder, cid, std::get<DirectoryNode>(node.kind).entries, 0);
    count_node(block.size());
  }
  co_await leave(folder);
}

Task<void> TreeWalk::visit_more_entries(Item& item, const MoreEntries& more) {
  const std::optional<SharedBytes> block = co_await get(item);
  if (!block) co_return;
  const UnixfsNode node = co_await describe(item.cid, *block);
  push_entries(more.folder, item.cid, std::get<DirectoryNode>(node.kind).entries, more.from);
}

Task<void> TreeWalk::visit_shard(Item& item, const Shard& shard) {
  const std::optional<SharedBytes> block = co_await get(item);
  if (!block) co_return;
  source_.keep(item.cid, *block);
  if (defer(item)) co_return;
  ++counts_.blocks;
  const bool first_visit = count_visit(item.cid, block->size());
  open_shard(item, shard.folder, *block, first_visit);
}

/// At most kMaxHamtFanout links: decoded at once.
void TreeWalk::open_shard(const Item& item, const std::shared_ptr<FolderState>& folder,
                          const SharedBytes& block, bool first_visit) {
  const auto entries = folder->shards->accept(item.cid, block.view());
  count_entries(first_visit, entries.size());
  for (const DagPbLink& named : entries) check_entry_name(named.name);
  check_budget(item);
  push_entries(folder, item.cid, entries, 0);
  hold_shards(*folder);
  for (const Cid& below : folder->shards->take_wanted()) {
    push(Item{.cid = below, .place = Shard{folder}});
  }
  count_node(block.size());
  changed_.notify_all();
}

/// Last first, so that the stack gives them in order.
void TreeWalk::push_entries(const std::shared_ptr<FolderState>& folder, const Cid& node,
                            const std::vector<DagPbLink>& entries, std::size_t from) {
  // A shard cannot be read twice.
  const std::size_t most = folder->shards ? entries.size() : window();
  const std::size_t end = from + std::min(most, entries.size() - from);
  if (end < entries.size()) push(Item{.cid = node, .place = MoreEntries{folder, end}});
  for (std::size_t i = end; i-- > from;) {
    const DagPbLink& entry = entries[i];
    push(Item{.cid = entry.cid, .place = Entry{folder, entry.name, entry.tsize}});
  }
  changed_.notify_all();
}

void TreeWalk::push_parts(const Part& node, const std::vector<FilePart>& parts, std::size_t from) {
  std::vector<const FilePart*> missing;
  const std::size_t most = window();
  std::size_t end = from;
  for (; end < parts.size() && missing.size() < most; ++end) {
    const FilePart& part = parts[end];
    if (!sink_.holds_zeros(*node.file, part.cid, part.offset, part.length)) {
      missing.push_back(&part);
      continue;
    }
    ++counts_.blocks;
    ++counts_.blocks_on_disk;
    counts_.done_bytes += part.length;
  }
  if (end < parts.size()) push(Item{.cid = node.part.cid, .place = MoreParts{node, end}});
  for (auto part = missing.rbegin(); part != missing.rend(); ++part) {
    push(Item{.cid = (*part)->cid, .place = Part{node.file, node.folder, **part}});
  }
  changed_.notify_all();
}

std::string TreeWalk::path_of(const Entry& entry) const {
  if (!entry.folder) return "";
  return entry.folder->path.empty() ? entry.name : entry.folder->path + "/" + entry.name;
}

Task<void> TreeWalk::leave(std::shared_ptr<FolderState> folder) {
  while (folder && --folder->open_items == 0) {
    co_await sink_.end_folder(folder->path, folder->metadata);
    held_bytes_ -= folder->shard_bytes;
    folder = folder->parent;
  }
}

}  // namespace shoal::content
