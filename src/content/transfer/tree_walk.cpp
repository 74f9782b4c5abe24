#include "content/transfer/tree_walk.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "content/block.h"
#include "format/name_check.h"

namespace shoal::content {

namespace {

// What an interior node or an entry of unknown size is reckoned to be.
constexpr std::uint64_t kNodeCostBytes = 32 * 1024;

// What nodes may take: for each entry its name, its CID and perhaps a node with its mode and time;
// and a part of the content, whose leaves are then 400 bytes or longer.
constexpr std::uint64_t kNodeBytesPerEntry = 1024;
constexpr std::uint64_t kContentPerNodeByte = 8;

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

}  // namespace

TreeWalk::TreeWalk(System& system, BlockSource& source, TreeSink& sink, WalkLimits limits)
    : source_(source),
      sink_(sink),
      limits_(limits),
      changed_(system.waits),
      workers_(system.waits, "walk") {}

Task<void> TreeWalk::run(Cid root) {
  push(Item{std::move(root), Entry{nullptr, "", 0}});
  try {
    while (!failure_ && (!stack_.empty() || under_way_ > 0)) {
      if (stack_.empty() || !has_room()) {
        co_await changed_.wait();
        continue;
      }
      Item next = std::move(stack_.back());
      stack_.pop_back();
      held_bytes_ -= memory_of(next);
      ++under_way_;
      nodes_under_way_ += next.cid.is(Codec::raw) ? 0 : 1;
      next.weight = cost(next);
      bytes_under_way_ += next.weight;
      workers_.spawn(work(std::move(next)));
    }
  } catch (...) {
    failure_ = std::current_exception();
  }
  co_await workers_.stop();
  if (failure_) std::rethrow_exception(failure_);
}

void TreeWalk::push(Item item) {
  std::visit(Overloaded{[](const Entry& entry) {
                          if (entry.folder) ++entry.folder->open_items;
                        },
                        [](const Shard& shard) { ++shard.folder->open_items; },
                        [](const Part& part) { ++part.file->open_items; }},
             item.place);
  hold(memory_of(item));
  stack_.push_back(std::move(item));
}

/// For the item on top of the stack.
bool TreeWalk::has_room() const {
  const Item& next = stack_.back();
  if (under_way_ >= limits_.in_flight_blocks) return false;
  const std::uint64_t bytes = bytes_under_way_ + cost(next);
  if (bytes_under_way_ > 0 && bytes > limits_.in_flight_bytes) return false;
  return held_bytes_ <= limits_.roomy_bytes || nodes_under_way_ == 0 || next.cid.is(Codec::raw);
}

/// Many nodes may have been asked for while there was room for what is in them. Those that come
/// when there is none any more are put back unopened, all but the last: it is the way on. They are
/// kept, so that looking again costs little.
bool TreeWalk::defer(const Item& item) {
  if (held_bytes_ <= limits_.roomy_bytes || nodes_under_way_ == 1) return false;
  --counts_.blocks;
  push(item);
  return true;
}

std::size_t TreeWalk::memory_of(const Item& item) {
  const auto* entry = std::get_if<Entry>(&item.place);
  return sizeof(Item) + item.cid.hash().encoded().size() + (entry ? entry->name.size() : 0);
}

void TreeWalk::hold(std::size_t bytes) {
  held_bytes_ += bytes;
  if (held_bytes_ > limits_.max_held_bytes) {
    throw Error(ErrorCode::limit, "the tree is too wide at too many depths at once");
  }
}

void TreeWalk::hold_shards(FolderState& folder) {
  const std::size_t before = folder.shard_bytes;
  folder.shard_bytes = folder.shards->shards() * HamtWalk::kShardBytes;
  hold(folder.shard_bytes - before);
}

/// To be called when what the node says of entries and content has been counted.
void TreeWalk::count_node(std::size_t bytes) {
  node_bytes_ += bytes;
  const std::uint64_t expected =
      entries_ * kNodeBytesPerEntry + counts_.content_bytes / kContentPerNodeByte;
  if (node_bytes_ > expected && node_bytes_ - expected > limits_.spare_node_bytes) {
    throw Error(ErrorCode::limit, "the tree has far more blocks than its content needs");
  }
}

std::uint64_t TreeWalk::cost(const Item& item) {
  std::uint64_t bytes = 0;
  if (const auto* part = std::get_if<Part>(&item.place)) bytes = part->part.length;
  const auto* entry = std::get_if<Entry>(&item.place);
  if (entry != nullptr && item.cid.is(Codec::raw)) bytes = entry->bytes;
  return std::clamp<std::uint64_t>(bytes, kNodeCostBytes, kMaxBlockBytes);
}

Task<void> TreeWalk::work(Item item) {
  try {
    co_await visit(item);
  } catch (...) {
    if (!failure_) failure_ = std::current_exception();
  }
  --under_way_;
  nodes_under_way_ -= item.cid.is(Codec::raw) ? 0 : 1;
  bytes_under_way_ -= item.weight;
  changed_.notify_all();
}

Task<SharedBytes> TreeWalk::get(Item& item) {
  SharedBytes block = co_await source_.block(item.cid);
  const std::uint64_t before = item.weight;
  item.weight = std::max<std::uint64_t>(block.size(), kNodeCostBytes);
  bytes_under_way_ += item.weight - before;
  if (item.weight < before) changed_.notify_all();
  co_return block;
}

Task<void> TreeWalk::visit(Item& item) {
  if (const auto* entry = std::get_if<Entry>(&item.place)) {
    co_await visit_entry(item, *entry);
    if (entry->folder) co_await leave(entry->folder);
  } else if (const auto* shard = std::get_if<Shard>(&item.place)) {
    co_await visit_shard(item, *shard);
    co_await leave(shard->folder);
  } else {
    const auto& part = std::get<Part>(item.place);
    co_await visit_part(item, part);
    if (--part.file->open_items == 0) {
      co_await sink_.end_file(*part.file);
      if (part.folder) co_await leave(part.folder);
    }
  }
}

Task<void> TreeWalk::visit_entry(Item& item, const Entry& entry) {
  const Cid& cid = item.cid;
  ++counts_.blocks;
  if (cid.is(Codec::raw)) {
    co_await visit_raw_entry(item, entry);
    co_return;
  }
  const SharedBytes block = co_await get(item);
  UnixfsNode node = describe_node(cid, block.view());
  auto* file = std::get_if<FileNode>(&node.kind);
  if (file == nullptr || !leaf_in(cid, *file, block.view())) {
    source_.keep(cid, block);
    if (defer(item)) co_return;
  }
  if (auto* link = std::get_if<SymlinkNode>(&node.kind)) {
    co_await sink_.symlink(path_of(entry), link->target, node.metadata);
  } else if (file != nullptr) {
    co_await open_file(cid, entry, std::move(*file), node.metadata, block);
  } else {
    co_await open_folder(cid, entry, std::move(node), block);
  }
}

/// A file of one raw block: its size is known when it is there.
Task<void> TreeWalk::visit_raw_entry(Item& item, const Entry& entry) {
  const Cid& cid = item.cid;
  const std::string path = path_of(entry);
  std::optional<std::uint64_t> size = co_await sink_.holds_file(path, cid);
  if (size) {
    ++counts_.blocks_on_disk;
  } else {
    const SharedBytes block = co_await get(item);
    size = block.size();
    co_await sink_.small_file(path, cid, block);
  }
  ++counts_.files;
  counts_.content_bytes += *size;
  counts_.done_bytes += *size;
}

Task<void> TreeWalk::open_file(const Cid& cid, const Entry& entry, FileNode node,
                               UnixfsMetadata metadata, SharedBytes block) {
  auto file = std::make_shared<TreeFile>();
  file->path = path_of(entry);
  file->size = node.length;
  file->metadata = metadata;
  ++counts_.files;
  co_await sink_.begin_file(*file);
  // Only now: what does not fit the disk accounts for nothing.
  counts_.content_bytes += file->size;
  const Part whole{file, entry.folder, FilePart{.cid = cid}};
  // The file stays open while this, which finds its parts, is under way.
  ++file->open_items;
  if (entry.folder) ++entry.folder->open_items;
  co_await add_content(whole, node, block);
  if (--file->open_items == 0) {
    co_await sink_.end_file(*file);
    if (entry.folder) co_await leave(entry.folder);
  }
}

Task<void> TreeWalk::visit_part(Item& item, const Part& part) {
  const Cid& cid = item.cid;
  ++counts_.blocks;
  const FilePart& range = part.part;
  const bool may_be_leaf = range.length <= kMaxBlockBytes;
  if (may_be_leaf) {
    const bool there = co_await sink_.holds(*part.file, cid, range.offset, range.length);
    if (there) {
      ++counts_.blocks_on_disk;
      counts_.done_bytes += range.length;
      co_return;
    }
  }
  const SharedBytes block = co_await get(item);
  const FileNode node = describe_file_part(range, block.view());
  if (!leaf_in(cid, node, block.view())) {
    source_.keep(cid, block);
    if (defer(item)) co_return;
  }
  co_await add_content(part, node, block);
}

Task<void> TreeWalk::add_content(const Part& part, const FileNode& node, const SharedBytes& block) {
  // Last first, so that the stack gives them in order.
  for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) {
    push(Item{child->cid, Part{part.file, part.folder, *child}});
  }
  changed_.notify_all();
  count_node(block.size() - node.content.size());
  if (node.content.empty()) co_return;
  const auto at = static_cast<std::size_t>(node.content.data() - block.view().data());
  const SharedBytes inside = block.part(at, node.content.size());
  const std::optional<TreeLeaf> leaf = leaf_in(part.part.cid, node, block.view());
  co_await sink_.content(*part.file, node.offset, inside, leaf ? &*leaf : nullptr);
  counts_.done_bytes += inside.size();
}

Task<void> TreeWalk::open_folder(const Cid& cid, const Entry& entry, UnixfsNode node,
                                 SharedBytes block) {
  auto folder = std::make_shared<FolderState>();
  folder->path = path_of(entry);
  folder->parent = entry.folder;
  folder->metadata = node.metadata;
  folder->depth = entry.folder ? entry.folder->depth + 1 : 0;
  if (folder->depth > limits_.max_depth) {
    throw Error(ErrorCode::limit, "folders are nested too deeply", folder->path);
  }
  if (folder->parent) ++folder->parent->open_items;
  ++folder->open_items;
  co_await sink_.begin_folder(folder->path);
  if (const auto* plain = std::get_if<DirectoryNode>(&node.kind)) {
    push_entries(folder, plain->entries);
  } else {
    folder->shards = std::make_unique<HamtWalk>(cid, limits_.max_entries);
    folder->shards->take_wanted();
    const auto entries = folder->shards->accept(cid, block.view());
    push_entries(folder, entries);
    push_shards(folder);
  }
  count_node(block.size());
  co_await leave(folder);
}

Task<void> TreeWalk::visit_shard(Item& item, const Shard& shard) {
  const Cid& cid = item.cid;
  ++counts_.blocks;
  const SharedBytes block = co_await get(item);
  source_.keep(cid, block);
  if (defer(item)) co_return;
  const auto entries = shard.folder->shards->accept(cid, block.view());
  push_entries(shard.folder, entries);
  push_shards(shard.folder);
  count_node(block.size());
}

void TreeWalk::push_entries(const std::shared_ptr<FolderState>& folder,
                            const std::vector<DagPbLink>& entries) {
  entries_ += entries.size();
  if (entries_ > limits_.max_entries) {
    throw Error(ErrorCode::limit, "the tree has too many entries", folder->path);
  }
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    check_entry_name(entry->name);
    push(Item{entry->cid, Entry{folder, entry->name, entry->tsize}});
  }
  changed_.notify_all();
}

void TreeWalk::push_shards(const std::shared_ptr<FolderState>& folder) {
  hold_shards(*folder);
  for (const Cid& cid : folder->shards->take_wanted()) push(Item{cid, Shard{folder}});
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
