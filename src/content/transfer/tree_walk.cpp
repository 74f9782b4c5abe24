#include "content/transfer/tree_walk.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/overloaded.h"
#include "content/block.h"

// When which item is visited, and in how much memory. What visiting does: tree_visit.cpp.

namespace shoal::content {

namespace {

// What an interior node or an entry of unknown size is reckoned to be.
constexpr std::uint64_t kNodeCostBytes = 32 * 1024;

// Of one node, on the stack at once: with plenty of room, and else.
constexpr std::size_t kWindow = 4096;
constexpr std::size_t kNarrowWindow = 256;

// What nodes may take: for each entry its name, its CID and perhaps a node with its mode and time;
// and a part of the content, whose leaves are then 400 bytes or longer.
constexpr std::uint64_t kNodeBytesPerEntry = 1024;
constexpr std::uint64_t kContentPerNodeByte = 8;

}  // namespace

TreeWalk::TreeWalk(System& system, BlockSource& source, TreeSink& sink, WalkLimits limits)
    : system_(system),
      source_(source),
      sink_(sink),
      limits_(limits),
      budget_(limits.confirmed),
      decoded_(system.waits),
      changed_(system.waits),
      yield_(system),
      workers_(system.waits, "walk") {}

Task<void> TreeWalk::run(Cid root) {
  push(Item{.cid = std::move(root), .place = Entry{nullptr, "", 0}});
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
      co_await yield_.step();
    }
  } catch (...) {
    failure_ = std::current_exception();
  }
  co_await workers_.stop();
  if (failure_) std::rethrow_exception(failure_);
}

void TreeWalk::push(Item item) {
  const auto open_folder = [](const std::shared_ptr<FolderState>& folder) {
    if (folder) ++folder->open_items;
  };
  std::visit(Overloaded{[&](const Entry& entry) { open_folder(entry.folder); },
                        [&](const Shard& shard) { open_folder(shard.folder); },
                        [&](const MoreEntries& more) { open_folder(more.folder); },
                        [](const Part& part) { ++part.file->open_items; },
                        [](const MoreParts& more) { ++more.node.file->open_items; }},
             item.place);
  hold(memory_of(item));
  stack_.push_back(std::move(item));
}

/// For the item on top of the stack.
bool TreeWalk::has_room() {
  Item& next = stack_.back();
  if (under_way_ >= limits_.in_flight_blocks) return false;
  if (!std::exchange(next.looked_up, true)) {
    next.block_bytes = std::max(next.block_bytes, source_.held_bytes(next.cid));
  }
  const std::uint64_t bytes = bytes_under_way_ + cost(next);
  const std::uint64_t ahead = next.block_bytes > 0 ? 1 : source_.ask_ahead();
  if (bytes_under_way_ > 0 && bytes > ahead * limits_.in_flight_bytes) return false;
  return held_bytes_ <= limits_.roomy_bytes || nodes_under_way_ == 0 || next.cid.is(Codec::raw);
}

/// Many nodes may have been asked for while there was room for what is in them. Those that come
/// when there is none any more are put back unopened, all but the last: it is the way on. They are
/// kept, so that looking again costs little.
bool TreeWalk::defer(const Item& item) {
  if (held_bytes_ <= limits_.roomy_bytes || nodes_under_way_ == 1) return false;
  push(item);
  return true;
}

std::size_t TreeWalk::window() const {
  return held_bytes_ < limits_.roomy_bytes / 2 ? kWindow : kNarrowWindow;
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
  held_bytes_ -= folder.shard_bytes;
  folder.shard_bytes = folder.shards->memory_bytes();
  hold(folder.shard_bytes);
}

/// To be called when what the node says of entries and content has been counted.
void TreeWalk::count_node(std::size_t bytes) {
  counts_.node_bytes += bytes;
  node_bytes_ += bytes;
  const std::uint64_t expected =
      entries_ * kNodeBytesPerEntry + counts_.content_bytes / kContentPerNodeByte;
  if (node_bytes_ > expected && node_bytes_ - expected > limits_.spare_node_bytes) {
    throw Error(ErrorCode::limit, "the tree has far more blocks than its content needs");
  }
}

std::uint64_t TreeWalk::cost(const Item& item) {
  std::uint64_t bytes = item.block_bytes;
  if (const auto* part = std::get_if<Part>(&item.place)) bytes = std::max(bytes, part->part.length);
  if (const auto* entry = std::get_if<Entry>(&item.place)) bytes = std::max(bytes, entry->bytes);
  return std::clamp<std::uint64_t>(bytes, kNodeCostBytes, kMaxBlockBytes);
}

Task<void> TreeWalk::work(Item item) {
  try {
    co_await visit(item);
  } catch (const Error& error) {
    if (!failure_) failure_ = std::make_exception_ptr(located(error, item));
  } catch (...) {
    if (!failure_) failure_ = std::current_exception();
  }
  --under_way_;
  nodes_under_way_ -= item.cid.is(Codec::raw) ? 0 : 1;
  bytes_under_way_ -= item.weight;
  changed_.notify_all();
}

Task<std::optional<SharedBytes>> TreeWalk::get(Item& item) {
  SharedBytes block = co_await source_.block(item.cid);
  const std::uint64_t weight = std::max<std::uint64_t>(block.size(), kNodeCostBytes);
  const std::uint64_t all = bytes_under_way_ - item.weight + weight;
  // Once: from now on it is known what it takes.
  const std::uint64_t most = 2 * source_.ask_ahead() * limits_.in_flight_bytes;
  if (weight > item.weight && all > most && under_way_ > 1) {
    item.block_bytes = weight;
    push(item);
    co_return std::nullopt;
  }
  bytes_under_way_ = all;
  if (weight < std::exchange(item.weight, weight)) changed_.notify_all();
  co_return std::move(block);
}

}  // namespace shoal::content
