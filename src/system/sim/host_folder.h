#pragma once

#include "base/error.h"
#include "system/sim/disk.h"
#include "system/storage.h"

namespace shoal::sim {

/// Names below one folder of a disk, for one life of its host.
class HostFolder final : public Folder {
 public:
  HostFolder(Disk& disk, std::uint32_t life, NodePtr base, bool confined);

  std::unique_ptr<File> open(std::string_view path, Access access) override;
  std::optional<FileInfo> info(std::string_view path) override;
  std::vector<FolderEntry> list(std::string_view path) override;
  std::string read_link(std::string_view path) override;
  void make_link(std::string_view target, std::string_view path) override;
  void make_folder(std::string_view path) override;
  void rename(std::string_view from, std::string_view to, bool replace) override;
  bool exchange(std::string_view one, std::string_view other) override;
  void remove(std::string_view path) override;
  void remove_tree(std::string_view path) override;
  bool is_mount_point(std::string_view path) override;
  bool set_attribute(std::string_view folder, std::string_view name,
                     std::string_view value) override;
  std::optional<std::string> attribute(std::string_view folder, std::string_view name) override;
  void set_mode(std::string_view path, std::uint32_t mode) override;
  void set_mtime(std::string_view path, WallTime mtime) override;
  void sync_names(std::string_view path) override;
  void sync_all() override;
  std::uint64_t free_bytes() override;
  std::unique_ptr<Folder> confined(std::string_view path) override;

  /// Where a path leads: a node (null when nothing is there), and the name it has.
  struct Place {
    NodePtr folder;  // null for the base itself
    std::string name;
    NodePtr node;
    std::string absolute;  // from the base
  };
  enum class LastLink { follow, keep };
  /// Throws Error{io} when a folder on the way is absent.
  Place resolve(std::string_view path, LastLink last) const;
  /// For open(), which makes it when `access` says so.
  NodePtr open_node(std::string_view path, Access access);

 private:
  struct Walk;
  void step(Walk& walk, const std::string& name, bool last, LastLink links) const;
  NodePtr existing(std::string_view path, LastLink last) const;
  NodePtr existing_folder(std::string_view path) const;
  void check_alive(std::string_view path) const;
  void check_new_name(const Place& place, std::string_view path) const;
  void remove_below(const NodePtr& folder, std::string_view path, std::optional<Error>& failure);

  Disk& disk_;
  std::uint32_t life_;
  NodePtr base_;
  bool confined_;
};

}  // namespace shoal::sim
