#include "service/reader.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/error.h"
#include "format/hamt_walk.h"
#include "service/content_source.h"
#include "service/content_stat.h"
#include "service/lister.h"
#include "service/range_reader.h"

namespace shoal::service {

namespace {

Error missing(const std::string& path, const std::string& why) {
  return Error(ErrorCode::not_found, why, path);
}

}  // namespace

struct Reader::State {
  ContentSource source;
  content::TreeLimits limits;
  std::uint64_t bytes_to_read = 0;

  /// The entry of that name; none when there is none.
  Task<std::optional<Cid>> find(Cid folder, std::string name, std::string path);
  Task<std::optional<Cid>> find_in_shards(ShardNode shard, std::string name);
};

Reader::Reader(Context context, Origin origin, content::TreeLimits limits, Fetching fetching)
    : state_(new State{.source = ContentSource(context, std::move(origin), fetching),
                       .limits = limits}) {}

Reader::~Reader() = default;

Task<Cid> Reader::resolve(Link link) {
  Cid here = link.cid;
  std::string path;
  for (const std::string& name : link.path) {
    const std::string next = path.empty() ? name : path + "/" + name;
    std::optional<Cid> found = co_await state_->find(here, name, path);
    if (!found) throw missing(next, "no such entry");
    here = std::move(*found);
    path = next;
  }
  co_return here;
}

Task<std::optional<Cid>> Reader::State::find(Cid folder, std::string name, std::string path) {
  const std::string shown = path.empty() ? folder.to_string() : path;
  if (folder.is(Codec::raw)) throw missing(shown, "is a file, so nothing is below it");
  const SharedBytes block = co_await source.block(folder);
  UnixfsNode node = co_await source.describe(folder, block);
  if (std::holds_alternative<FileNode>(node.kind)) {
    throw missing(shown, "is a file, so nothing is below it");
  }
  if (std::holds_alternative<SymlinkNode>(node.kind)) {
    throw missing(shown, "is a symlink, and those are not followed");
  }
  if (auto* shard = std::get_if<ShardNode>(&node.kind)) {
    co_return co_await find_in_shards(std::move(*shard), std::move(name));
  }
  const auto& entries = std::get<DirectoryNode>(node.kind).entries;
  const auto found = std::ranges::find(entries, name, &DagPbLink::name);
  if (found == entries.end()) co_return std::nullopt;
  co_return found->cid;
}

Task<std::optional<Cid>> Reader::State::find_in_shards(ShardNode shard, std::string name) {
  for (unsigned depth = 0;; ++depth) {
    const HamtStep step = find_in_shard(shard, name, depth);
    if (step.entry != nullptr) co_return step.entry->cid;
    if (step.child == nullptr) co_return std::nullopt;
    const Cid below = step.child->cid;
    const SharedBytes block = co_await source.block(below);
    UnixfsNode node = describe_node(below, block.view());
    auto* next = std::get_if<ShardNode>(&node.kind);
    if (next == nullptr) {
      throw Error(ErrorCode::malformed, "shard of a directory that is none", below.to_string());
    }
    shard = std::move(*next);
  }
}

Task<void> Reader::list(Cid cid, bool recursive, std::function<Task<void>(const Listed&)> entry) {
  co_await list_entries(state_->source, std::move(cid), recursive, state_->limits, entry);
}

Task<void> Reader::read(Cid cid, std::uint64_t offset, std::optional<std::uint64_t> length,
                        std::function<Task<void>(ByteView)> piece) {
  const SharedBytes block = co_await state_->source.block(cid);
  UnixfsNode node = co_await state_->source.describe(cid, block);
  auto* file = std::get_if<FileNode>(&node.kind);
  if (file == nullptr) {
    const bool folder = is_folder(node);
    throw Error(ErrorCode::usage, folder ? "is a folder" : "is a symlink", cid.to_string(),
                folder ? "`shoal ls LINK` shows what is in it; end the link in the path of a file"
                       : "`shoal ls LINK` shows what it leads to");
  }
  const std::uint64_t rest = file->length - std::min(offset, file->length);
  const std::uint64_t end = file->length - rest + std::min(rest, length.value_or(rest));
  if (offset >= end) co_return;
  state_->bytes_to_read = end - offset;
  content::TreeLimits limits = state_->limits;
  if (end - offset > limits.max_bytes.value_or(end - offset)) {
    throw Error(ErrorCode::limit,
                "has " + std::to_string(end - offset) + " bytes to be written, more than allowed",
                cid.to_string(), "--max-size SIZE allows more");
  }
  // Whoever says how many bytes it shall be means them.
  if (length) limits.max_bytes = std::max(limits.max_bytes.value_or(0), *length);
  co_await read_range(state_->source, std::move(cid), std::move(*file), block, offset, end, limits,
                      piece);
}

std::uint64_t Reader::bytes_to_read() const {
  return state_->bytes_to_read;
}

std::size_t Reader::bytes_arriving() const {
  return state_->source.bytes_arriving();
}

std::vector<content::Trouble> Reader::troubles() const {
  return state_->source.troubles();
}

Task<Stat> Reader::stat(Cid cid) {
  return stat_content(state_->source, std::move(cid), state_->limits);
}

}  // namespace shoal::service
