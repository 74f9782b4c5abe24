#pragma once

#include "system/sim/host_folder.h"

namespace shoal::sim {

/// The whole disk. The working directory is the root.
class HostStorage final : public Storage {
 public:
  HostStorage(Disk& disk, std::uint32_t life);

  std::unique_ptr<File> open(std::string_view path, Access access) override {
    return root_.open(path, access);
  }
  std::optional<FileInfo> info(std::string_view path) override { return root_.info(path); }
  std::vector<FolderEntry> list(std::string_view path) override { return root_.list(path); }
  std::string read_link(std::string_view path) override { return root_.read_link(path); }
  void make_link(std::string_view target, std::string_view path) override {
    root_.make_link(target, path);
  }
  void make_folder(std::string_view path) override { root_.make_folder(path); }
  void rename(std::string_view from, std::string_view to, bool replace) override {
    root_.rename(from, to, replace);
  }
  bool exchange(std::string_view one, std::string_view other) override {
    return root_.exchange(one, other);
  }
  void remove(std::string_view path) override { root_.remove(path); }
  void remove_tree(std::string_view path) override { root_.remove_tree(path); }
  bool is_mount_point(std::string_view path) override { return root_.is_mount_point(path); }
  bool set_attribute(std::string_view folder, std::string_view name,
                     std::string_view value) override {
    return root_.set_attribute(folder, name, value);
  }
  std::optional<std::string> attribute(std::string_view folder, std::string_view name) override {
    return root_.attribute(folder, name);
  }
  void set_mode(std::string_view path, std::uint32_t mode) override { root_.set_mode(path, mode); }
  void set_mtime(std::string_view path, WallTime mtime) override { root_.set_mtime(path, mtime); }
  void sync_names(std::string_view path) override { root_.sync_names(path); }
  void sync_all() override { root_.sync_all(); }
  std::uint64_t free_bytes() override { return root_.free_bytes(); }
  std::unique_ptr<Folder> confined(std::string_view path) override { return root_.confined(path); }

  std::string absolute(std::string_view path) override;
  std::uint32_t umask() override { return 022; }
  std::unique_ptr<FileLock> lock(std::string_view path) override;
  std::optional<LockHolder> lock_holder(std::string_view path) override;

 private:
  Disk& disk_;
  std::uint32_t life_;
  HostFolder root_;
};

}  // namespace shoal::sim
