#pragma once

#include <string>

#include "system/os/descriptor.h"
#include "system/storage.h"

namespace shoal::os {

/// Where a path begins, and whether it may leave from there.
struct Root {
  Descriptor fd;     // of a confined folder; none for the file system as the user sees it
  std::string path;  // for messages

  bool confined() const { return static_cast<bool>(fd); }
};

/// Both kinds of folder: Base is Folder or Storage.
template <class Base>
class HostFolder : public Base {
 public:
  explicit HostFolder(Root root) : root_(std::move(root)) {}

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

 private:
  Root root_;
};

extern template class HostFolder<Folder>;
extern template class HostFolder<Storage>;

}  // namespace shoal::os
