#include "content/import/content_reader.h"

#include <fmt/format.h>

#include "base/error.h"
#include "system/offload.h"
#include "system/task_group.h"

namespace shoal::content {

namespace {

/// Beyond what the pool runs at once, so that it never waits for the event loop.
constexpr unsigned kSpareWorkers = 2;

/// Files that are looked up, some 10 us each, before others have a turn on the event loop.
constexpr std::uint64_t kUnchangedAtOnce = 256;

/// What became of a file while it was read.
enum class Change {
  none,
  growth,   // something was added at its end
  rewrite,  // of what was read, as far as anybody can tell
};

/// `first` is what its first `first_bytes` bytes were. Blocks.
Change change_of(File& file, const FileInfo& before, const Cid& first, std::size_t first_bytes,
                 const UnixfsProfile& profile, const UnixfsMetadata& metadata) {
  const FileInfo after = file.info();
  if (FileStamp::of(after) == FileStamp::of(before)) return Change::none;
  if (after.size <= before.size) return Change::rewrite;
  // Whoever writes a file anew begins at its beginning. Any other change shows when its block is
  // served, for then it is hashed.
  const auto again = read_leaf(file, 0, first_bytes, profile, metadata);
  return again && again->root.cid == first ? Change::growth : Change::rewrite;
}

OpenedFile open_file(System& system, const std::string& path, const ImportOptions& options) {
  OpenedFile out;
  out.file = system.storage.open(path, Access::read);
  out.info = out.file->info();
  out.stamp = FileStamp::of(out.info);
  if (out.stamp.is_young(system.clock.wall_now())) out.stamp = out.stamp.not_yet_trusted();
  if (out.info.size > options.profile.chunk_bytes) return out;
  UnixfsMetadata metadata;
  if (options.preserve) metadata = metadata_from(out.info, FileKind::file);
  const auto size = static_cast<std::size_t>(out.info.size);
  out.only_leaf = read_leaf(*out.file, 0, size, options.profile, metadata);
  if (out.only_leaf) {
    const Change change =
        change_of(*out.file, out.info, out.only_leaf->root.cid, size, options.profile, metadata);
    out.grew = change == Change::growth;
    if (change == Change::rewrite) out.only_leaf.reset();
  }
  out.file.reset();
  return out;
}

/// The same, or nothing when the file is gone.
std::optional<OpenedFile> open_if_there(System& system, const std::string& path,
                                        const ImportOptions& options) {
  try {
    return open_file(system, path, options);
  } catch (const Error&) {
    if (still_is(system.storage, path, FileKind::file)) throw;
    return std::nullopt;
  }
}

}  // namespace

/// A file of several chunks.
struct ContentReader::BigFile {
  BigFile(const UnixfsProfile& profile, BlockSink sink) : builder(profile, std::move(sink)) {}

  Pending pending{};
  std::string path;
  std::unique_ptr<File> file;
  FileInfo info;
  FileId id = 0;
  BalancedFileBuilder builder;
  std::uint64_t chunks = 0;
  std::uint64_t begun = 0;
  std::uint64_t in_order = 0;
  std::uint64_t bytes_done = 0;
  std::size_t being_read = 0;
  bool shorter = false;
  std::optional<Cid> first;                  // of its leaves
  std::map<std::uint64_t, ChunkLeaf> ahead;  // read before the one that comes before them
};

ContentReader::ContentReader(System& system, BlockStore* store, const ImportOptions& options,
                             TreePlan& plan)
    : system_(system), store_(store), options_(options), plan_(plan), changed_(system.waits) {}

Task<void> ContentReader::run() {
  TaskGroup workers(system_.waits, "import");
  const unsigned count = system_.offload.parallelism() + kSpareWorkers;
  for (unsigned i = 0; i < count; ++i) workers.spawn(work());
  std::exception_ptr cancelled;
  try {
    co_await workers.join();
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await workers.stop();
  if (cancelled) std::rethrow_exception(cancelled);
  if (failure_) std::rethrow_exception(failure_);
}

Task<void> ContentReader::work() {
  try {
    co_await work_until_done();
  } catch (...) {
    if (!failure_) failure_ = std::current_exception();
  }
  changed_.notify_all();
}

Task<void> ContentReader::work_until_done() {
  while (!failure_) {
    if (!open_.empty()) {
      co_await read_chunk(open_.front());
    } else if (const auto pending = next_file()) {
      ++files_being_opened_;
      co_await read_file(*pending);
      --files_being_opened_;
      changed_.notify_all();
    } else if (files_being_opened_ > 0) {
      co_await changed_.wait();
    } else {
      co_return;
    }
  }
}

std::optional<ContentReader::Pending> ContentReader::next_file() {
  if (!again_.empty()) {
    const Pending pending = again_.front();
    again_.pop_front();
    return pending;
  }
  while (next_entry_ < plan_.entries.size()) {
    const std::size_t entry = next_entry_++;
    const PlanEntry& next = plan_.entries[entry];
    if (next.info.kind == FileKind::file && !next.root) return Pending{entry, false};
  }
  return std::nullopt;
}

Task<void> ContentReader::read_file(Pending pending) {
  std::string path = plan_.path_of(pending.entry);
  if (!pending.again && take_unchanged(pending.entry, path)) {
    // None of them waits for anything, and there may be millions.
    if (++unchanged_ % kUnchangedAtOnce == 0) co_await system_.clock.sleep_for(Duration{});
    co_return;
  }
  if (store_ != nullptr) co_await store_->keep_pace();
  const auto job = [&] { return open_if_there(system_, path, options_); };
  std::optional<OpenedFile> opened = co_await offload(system_.offload, job);
  current_path_ = path;
  if (!opened) {
    plan_.leave_out_vanished(pending.entry);
  } else if (opened->file) {
    open_.push_back(begin_big(pending, std::move(path), std::move(*opened)));
  } else if (opened->only_leaf) {
    finish_small(pending.entry, path, *opened);
  } else {
    changed(pending);
  }
}

void ContentReader::set_info(std::size_t entry, const FileInfo& info) {
  plan_.bytes += info.size - plan_.entries[entry].info.size;
  plan_.entries[entry].info = info;
}

bool ContentReader::take_unchanged(std::size_t index, const std::string& path) {
  if (store_ == nullptr) return false;
  PlanEntry& entry = plan_.entries[index];
  if (!is_reliable(entry.info, system_.clock.wall_now())) return false;
  const auto known = store_->imported(path, FileStamp::of(entry.info), key_of(entry.info));
  if (!known) return false;
  entry.root = known->root;
  entry.tsize = known->dag_bytes;
  entry.blocks = known->blocks;
  bytes_done_ += entry.info.size;
  return true;
}

void ContentReader::finish_small(std::size_t index, const std::string& path,
                                 const OpenedFile& opened) {
  const ChunkLeaf& leaf = *opened.only_leaf;
  set_info(index, opened.info);
  plan_.entries[index].blocks = 1;
  count_hashed(leaf.root.content_bytes);
  set_root(index, leaf.root);
  if (store_ == nullptr) return;
  const FileId file = store_->add_file(path, opened.stamp);
  store_->put_extent(leaf.root.cid.hash(), file, 0, leaf.root.content_bytes, leaf.frame);
  if (opened.grew) return;  // it has another root already
  store_->set_imported(file, key_of(opened.info),
                       {.root = leaf.root.cid, .dag_bytes = leaf.root.tsize, .blocks = 1});
}

std::shared_ptr<ContentReader::BigFile> ContentReader::begin_big(Pending pending, std::string path,
                                                                 OpenedFile opened) {
  const auto sink = [this, entry = pending.entry](const Cid& cid, Bytes block) {
    keep_block(entry, cid, block);
  };
  plan_.entries[pending.entry].blocks = 0;
  auto file = std::make_shared<BigFile>(options_.profile, sink);
  file->pending = pending;
  file->path = std::move(path);
  file->file = std::move(opened.file);
  file->info = opened.info;
  set_info(pending.entry, opened.info);
  const std::uint64_t chunk = options_.profile.chunk_bytes;
  file->chunks = opened.info.size / chunk + (opened.info.size % chunk != 0 ? 1 : 0);
  if (store_ != nullptr) file->id = store_->add_file(file->path, opened.stamp);
  return file;
}

Task<void> ContentReader::read_chunk(std::shared_ptr<BigFile> file) {
  const std::uint64_t number = file->begun++;
  if (file->begun == file->chunks) open_.pop_front();
  ++file->being_read;
  const std::uint64_t chunk = options_.profile.chunk_bytes;
  const std::uint64_t offset = number * chunk;
  const auto length = static_cast<std::size_t>(std::min(chunk, file->info.size - offset));
  const auto job = [&] {
    return read_leaf(*file->file, offset, length, options_.profile, UnixfsMetadata{});
  };
  std::optional<ChunkLeaf> leaf = co_await offload(system_.offload, job);
  --file->being_read;
  if (leaf) {
    file->bytes_done += length;
    count_hashed(length);
    file->ahead.emplace(number, std::move(*leaf));
    take_in_order(*file);
  } else if (!std::exchange(file->shorter, true)) {
    std::erase(open_, file);
  }
  const bool ended = file->shorter || file->in_order == file->chunks;
  if (ended && file->being_read == 0) co_await finish(*file);
}

void ContentReader::take_in_order(BigFile& file) {
  const std::uint64_t chunk = options_.profile.chunk_bytes;
  while (!file.ahead.empty() && file.ahead.begin()->first == file.in_order) {
    const ChunkLeaf& leaf = file.ahead.begin()->second;
    if (!file.first) file.first = leaf.root.cid;
    file.builder.add_leaf(leaf.root);
    ++plan_.entries[file.pending.entry].blocks;
    if (store_ != nullptr) {
      store_->put_extent(leaf.root.cid.hash(), file.id, file.in_order * chunk,
                         leaf.root.content_bytes, leaf.frame);
    }
    file.ahead.erase(file.ahead.begin());
    ++file.in_order;
  }
}

Task<void> ContentReader::finish(BigFile& file) {
  // A worker that waits finds work again if this file has to be read once more.
  ++files_being_opened_;
  const auto first_bytes = static_cast<std::size_t>(options_.profile.chunk_bytes);
  const auto job = [&] {
    if (file.shorter) return Change::rewrite;
    return change_of(*file.file, file.info, *file.first, first_bytes, options_.profile, {});
  };
  const Change change = co_await offload(system_.offload, job);
  --files_being_opened_;
  changed_.notify_all();
  const std::size_t entry = file.pending.entry;
  if (change == Change::rewrite) {
    bytes_done_ -= file.bytes_done;
    if (store_ != nullptr) store_->forget_file(file.id);
    changed(file.pending);
    co_return;
  }
  const FileRoot root = file.builder.finish(metadata_of(file.info));
  set_root(entry, root);
  if (store_ == nullptr || change == Change::growth) co_return;
  store_->set_imported(
      file.id, key_of(file.info),
      {.root = root.cid, .dag_bytes = root.tsize, .blocks = plan_.entries[entry].blocks});
}

void ContentReader::changed(Pending pending) {
  if (pending.again) return plan_.leave_out_changing(pending.entry);
  again_.push_back({pending.entry, true});
}

void ContentReader::keep_block(std::size_t entry, const Cid& cid, ByteView block) {
  ++plan_.entries[entry].blocks;
  if (store_ != nullptr) store_->put_later(cid.hash(), block);
}

void ContentReader::set_root(std::size_t entry, const FileRoot& root) {
  plan_.entries[entry].root = root.cid;
  plan_.entries[entry].tsize = root.tsize;
}

void ContentReader::count_hashed(std::uint64_t bytes) {
  bytes_done_ += bytes;
  bytes_hashed_ += bytes;
}

UnixfsMetadata ContentReader::metadata_of(const FileInfo& info) const {
  return options_.preserve ? metadata_from(info, FileKind::file) : UnixfsMetadata{};
}

std::string ContentReader::key_of(const FileInfo& info) const {
  const UnixfsProfile& profile = options_.profile;
  std::string key =
      fmt::format("v{} chunk {} links {} {}", profile.cid_version, profile.chunk_bytes,
                  profile.links_per_node, profile.raw_leaves ? "raw" : "dag-pb");
  // The stamp has no mode: it may change without the time of change.
  if (options_.preserve) key += fmt::format(" mode {:o}", info.mode);
  return key;
}

}  // namespace shoal::content
