#pragma once

#include <string>
#include <utility>

#include "system/sim/disk.h"
#include "system/storage.h"

namespace shoal::sim {

/// A file that is open in one life of its host. All throw Error{io} once that life has ended.
class HostFile final : public File {
 public:
  HostFile(Disk& disk, std::uint32_t life, NodePtr node, std::string path, bool writable)
      : disk_(disk),
        life_(life),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable) {}

  std::size_t read_at(std::uint64_t offset, MutableBytes into) override;
  using File::write_at;
  void write_at(std::uint64_t offset, std::span<const ByteView> pieces) override;
  void sync() override;
  void forget_cached() override;
  void truncate(std::uint64_t size) override;
  FileInfo info() override;
  std::optional<std::uint64_t> next_data(std::uint64_t offset) override;
  void set_mode(std::uint32_t mode) override;
  void set_mtime(WallTime mtime) override;

 private:
  void check_alive() const;
  void check(std::string_view point) const;
  void check_writable() const;

  Disk& disk_;
  std::uint32_t life_;
  NodePtr node_;
  std::string path_;
  bool writable_;
};

}  // namespace shoal::sim
