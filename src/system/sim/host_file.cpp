#include "system/sim/host_file.h"

#include "system/sim/storage_errors.h"

namespace shoal::sim {

std::size_t HostFile::read_at(std::uint64_t offset, MutableBytes into) {
  check("storage.read");
  return disk_.read(*node_, offset, into);
}

void HostFile::write_at(std::uint64_t offset, std::span<const ByteView> pieces) {
  check_writable();
  for (const auto& piece : pieces) {
    disk_.write(node_, offset, piece);
    offset += piece.size();
  }
}

void HostFile::sync() {
  check_alive();
  disk_.sync_file(node_, path_);
}

void HostFile::forget_cached() {
  check_alive();
  disk_.forget_cached(*node_);
}

void HostFile::truncate(std::uint64_t size) {
  check_writable();
  disk_.resize(node_, size);
}

FileInfo HostFile::info() {
  check_alive();
  return disk_.info(*node_);
}

std::optional<std::uint64_t> HostFile::next_data(std::uint64_t offset) {
  check_alive();
  return node_->content.next_data(offset);
}

void HostFile::set_mode(std::uint32_t mode) {
  check_alive();
  disk_.set_mode(*node_, mode);
}

void HostFile::set_mtime(WallTime mtime) {
  check_alive();
  disk_.set_mtime(*node_, mtime);
}

void HostFile::check_alive() const {
  if (!disk_.alive(life_)) io_failure("this host has crashed", path_);
}

void HostFile::check(std::string_view point) const {
  check_alive();
  disk_.inject(point, path_);
}

void HostFile::check_writable() const {
  check("storage.write");
  if (!writable_) io_failure("the file is open for reading only", path_);
}

}  // namespace shoal::sim
