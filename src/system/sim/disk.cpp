#include "system/sim/disk.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace shoal::sim {

namespace {

constexpr std::uint64_t kDiskStream = 0xd15c;
// More changes than this are written back as time passes, as every kernel does.
constexpr std::size_t kJournalChanges = 8192;

[[noreturn]] void fail(std::string_view path) {
  throw Error(ErrorCode::io, "input/output error", std::string(path), "Check the disk.");
}

}  // namespace

Disk::Disk(Clock& clock, Faults& faults, std::uint64_t seed, std::uint32_t host,
           std::uint64_t capacity_bytes)
    : clock_(clock),
      faults_(faults),
      random_(seed, kDiskStream << 32 | host),
      device_(std::uint64_t{host} + 1),
      capacity_(capacity_bytes) {
  root_ = make_node(FileKind::folder, 0755);
  root_->linked = true;
}

NodePtr Disk::make_node(FileKind kind, std::uint32_t mode) {
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->inode = next_inode_++;
  node->mode = mode;
  content_changed(*node);
  return node;
}

std::uint64_t Disk::free_bytes() const {
  const std::uint64_t used = used_pages_ * Content::kPageBytes;
  return used >= capacity_ ? 0 : capacity_ - used;
}

void Disk::inject(std::string_view point, std::string_view path) {
  if (faults_.fires(point)) fail(path);
}

// --- names ----------------------------------------------------------------------------------

void Disk::link(const NodePtr& node, bool linked) {
  if (node == nullptr) return;
  node->ctime = clock_.wall_now();
  if (node->linked == linked) return;
  node->linked = linked;
  if (linked) {
    used_pages_ += node->content.page_count();
  } else {
    used_pages_ -= node->content.page_count();
  }
}

Disk::Entry Disk::replace(const NodePtr& folder, std::string_view name, NodePtr node) {
  const auto found = folder->entries.find(name);
  Entry entry{.folder = folder,
              .name = std::string(name),
              .before = found == folder->entries.end() ? nullptr : found->second};
  link(entry.before, false);
  link(node, true);
  if (node == nullptr) {
    if (found != folder->entries.end()) folder->entries.erase(found);
  } else {
    folder->entries[entry.name] = std::move(node);
  }
  content_changed(*folder);
  return entry;
}

void Disk::set_entry(const NodePtr& folder, std::string_view name, NodePtr node) {
  journal({replace(folder, name, std::move(node))});
}

void Disk::rename(const NodePtr& from, std::string_view old_name, const NodePtr& to,
                  std::string_view new_name) {
  const NodePtr moved = from->entries.find(old_name)->second;
  Change change = {replace(from, old_name, nullptr)};
  change.push_back(replace(to, new_name, moved));
  journal(std::move(change));
}

void Disk::exchange(const NodePtr& one_folder, std::string_view one, const NodePtr& other_folder,
                    std::string_view other) {
  const NodePtr first = one_folder->entries.find(one)->second;
  const NodePtr second = other_folder->entries.find(other)->second;
  Change change = {replace(one_folder, one, second)};
  change.push_back(replace(other_folder, other, first));
  link(second, true);  // it was let go of when the second name was given away
  journal(std::move(change));
}

std::map<std::string, NodePtr, std::less<>>::const_iterator Disk::find_entry(
    const Node& folder, std::string_view name) const {
  const auto exact = folder.entries.find(name);
  if (exact != folder.entries.end() || !rules_.folds_case) return exact;
  const auto same = [](char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(a) == lower(b);
  };
  return std::ranges::find_if(folder.entries, [&](const auto& entry) {
    return std::ranges::equal(entry.first, name, same);
  });
}

void Disk::journal(Change change) {
  if (journal_.size() >= kJournalChanges) {
    journal_.erase(journal_.begin(), journal_.begin() + kJournalChanges / 2);
  }
  journal_.push_back(std::move(change));
}

void Disk::sync_all(std::string_view path) {
  const bool fails = faults_.fires("storage.sync");
  if (!fails) journal_.clear();
  std::erase_if(at_risk_, [this, fails](const auto& each) {
    Node& node = *each.second;
    fails ? lose_some(node) : mark_synced(node);
    return !is_at_risk(node);
  });
  if (fails) fail(path);
}

void Disk::sync_names(const NodePtr& folder) {
  const auto touches = [&folder](const Change& change) {
    return std::ranges::any_of(change,
                               [&folder](const Entry& entry) { return entry.folder == folder; });
  };
  const auto last = std::find_if(journal_.rbegin(), journal_.rend(), touches);
  journal_.erase(journal_.begin(), last.base());
}

// --- content --------------------------------------------------------------------------------

std::size_t Disk::read(const Node& node, std::uint64_t offset, MutableBytes into) {
  return node.content.read(offset, into);
}

void Disk::remember(const NodePtr& node, std::uint64_t first_page, std::uint64_t last_page) {
  if (!is_at_risk(*node)) at_risk_[node->inode] = node;
  for (auto number = first_page; number <= last_page; ++number) {
    const auto place = node->synced_pages.lower_bound(number);
    if (place != node->synced_pages.end() && place->first == number) continue;
    const auto lost = node->lost_pages.extract(number);
    node->synced_pages.emplace_hint(place, number,
                                    lost ? lost.mapped() : node->content.page(number));
  }
}

void Disk::write(const NodePtr& node, std::uint64_t offset, ByteView bytes) {
  if (bytes.empty()) return;
  if (offset > rules_.largest_file || bytes.size() > rules_.largest_file - offset) {
    throw Error(ErrorCode::io, "file too large");
  }
  if (faults_.fires("storage.full")) {
    throw Error(ErrorCode::io, "no space left on the disk", owner_, "Free some space.");
  }
  const std::uint64_t missing = node->content.missing_pages(offset, bytes.size());
  if (node->linked && missing > 0) {
    if (missing > free_bytes() / Content::kPageBytes) {
      throw Error(ErrorCode::io, "no space left on the disk", owner_, "Free some space.");
    }
    used_pages_ += missing;
  }
  const std::uint64_t last_page = (offset + bytes.size() - 1) / Content::kPageBytes;
  remember(node, offset / Content::kPageBytes, last_page);
  node->content.write(offset, bytes);
  content_changed(*node);
}

void Disk::resize(const NodePtr& node, std::uint64_t size) {
  if (size > rules_.largest_file) throw Error(ErrorCode::unsupported, "file too large");
  Content& content = node->content;
  const std::uint64_t before = content.page_count();
  at_risk_[node->inode] = node;
  if (size < content.size()) {
    for (auto at = content.next_data(size / Content::kPageBytes * Content::kPageBytes); at;
         at = content.next_data((*at / Content::kPageBytes + 1) * Content::kPageBytes)) {
      remember(node, *at / Content::kPageBytes, *at / Content::kPageBytes);
    }
  }
  content.resize(size);
  if (node->linked) used_pages_ -= before - content.page_count();
  content_changed(*node);
}

void Disk::sync_file(const NodePtr& node, std::string_view path) {
  if (faults_.fires("storage.sync")) {
    lose_some(*node);
    fail(path);
  }
  mark_synced(*node);
  if (!is_at_risk(*node)) at_risk_.erase(node->inode);
}

bool Disk::is_at_risk(const Node& node) {
  return !node.synced_pages.empty() || !node.lost_pages.empty() ||
         node.synced_size != node.content.size();
}

void Disk::mark_synced(Node& node) {
  node.synced_pages.clear();
  node.synced_size = node.content.size();
}

void Disk::lose_some(Node& node) {
  for (auto& [number, page] : std::exchange(node.synced_pages, {})) {
    if (random_.happens(0.5)) node.lost_pages.emplace(number, std::move(page));
  }
}

void Disk::forget_cached(Node& node) {
  const std::uint64_t before = node.content.page_count();
  for (auto& [number, page] : std::exchange(node.lost_pages, {})) {
    node.content.set_page(number, std::move(page));
  }
  if (node.linked) used_pages_ += node.content.page_count() - before;
}

FileInfo Disk::info(const Node& node) const {
  return {.kind = node.kind,
          .size = node.kind == FileKind::symlink ? node.target.size() : node.content.size(),
          .mtime = node.mtime,
          .ctime = node.ctime,
          .mode = node.mode,
          .device = device_,
          .inode = node.inode,
          .stable_times = stable_times_};
}

void Disk::content_changed(Node& node) {
  node.mtime = clock_.wall_now();
  node.ctime = node.mtime;
}

void Disk::set_mode(Node& node, std::uint32_t mode) {
  node.mode = mode & 07777;
  node.ctime = clock_.wall_now();
}

void Disk::set_mtime(Node& node, WallTime mtime) {
  node.mtime = mtime;
  node.ctime = clock_.wall_now();
}

// --- crash ----------------------------------------------------------------------------------

void Disk::fall_back(Node& node) {
  const std::uint64_t new_size = node.content.size();
  const std::uint64_t size = random_.happens(0.5) ? new_size : node.synced_size;
  for (auto& [number, page] : std::exchange(node.synced_pages, {})) {
    if (random_.happens(0.5)) node.content.set_page(number, page);
  }
  forget_cached(node);
  // Growing over the pages that came back, then cutting, leaves zeros beyond the end.
  node.content.set_size(std::max(new_size, node.synced_size));
  node.content.resize(size);
  node.synced_size = size;
}

void Disk::put_back(const Entry& entry) {
  if (entry.before == nullptr) {
    entry.folder->entries.erase(entry.name);
  } else {
    entry.folder->entries[entry.name] = entry.before;
  }
}

void Disk::count_pages(const Node& node, std::uint64_t& pages) const {
  std::vector<const Node*> left = {&node};
  while (!left.empty()) {
    const Node* next = left.back();
    left.pop_back();
    pages += next->content.page_count();
    for (const auto& [name, child] : next->entries) {
      child->linked = true;
      left.push_back(child.get());
    }
  }
}

void Disk::crash() {
  life_ = 0;
  locks_.clear();
  const std::size_t kept = random_.up_to(journal_.size());
  while (journal_.size() > kept) {
    const Change change = std::move(journal_.back());
    journal_.pop_back();
    for (auto entry = change.rbegin(); entry != change.rend(); ++entry) put_back(*entry);
  }
  journal_.clear();
  for (const auto& [inode, node] : std::exchange(at_risk_, {})) fall_back(*node);
  used_pages_ = 0;
  count_pages(*root_, used_pages_);
}

void Disk::start(std::uint32_t life) {
  life_ = life;
}

// --- locks, scenarios -----------------------------------------------------------------------

bool Disk::lock(const Node& node) {
  return locks_.emplace(node.inode, life_).second;
}

std::string Disk::owner() const {
  return "process " + std::to_string(life_) + " of " + owner_;
}

void Disk::put(std::string_view path, Content content) {
  NodePtr at = root_;
  while (true) {
    while (path.starts_with('/')) path.remove_prefix(1);
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    if (last) {
      NodePtr file = make_node(FileKind::file, 0644);
      file->content = std::move(content);
      mark_synced(*file);
      set_entry(at, name, std::move(file));
      return sync_names(at);
    }
    if (!at->entries.contains(name)) set_entry(at, name, make_node(FileKind::folder, 0755));
    at = at->entries.find(name)->second;
    path.remove_prefix(slash);
  }
}

NodePtr Disk::find(std::string_view path) const {
  const std::string whole(path);
  NodePtr at = root_;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (name.empty()) continue;
    const auto found = at->entries.find(name);
    if (found == at->entries.end()) throw Error(ErrorCode::not_found, "no such file", whole);
    at = found->second;
  }
  return at;
}

const Content& Disk::content(std::string_view path) const {
  return find(path)->content;
}

void Disk::rot(std::string_view path, std::uint64_t offset) {
  Content& content = find(path)->content;
  std::uint8_t byte = 0;
  SHOAL_CHECK(content.read(offset, MutableBytes(&byte, 1)) == 1);
  byte ^= 1;
  content.write(offset, ByteView(&byte, 1));
}

}  // namespace shoal::sim
