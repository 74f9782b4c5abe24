#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "format/cid.h"
#include "system/storage.h"

namespace shoal::content {

/// Puts a complete partial tree in the place of its target, so that at every moment the old one or
/// the new one is there, whole:
///
///     partial  --exchange-->  target
///     target   --exchange-->  partial, --rename--> old, which is deleted afterwards
///
/// Where the file system cannot exchange names:
///
///     target   --rename-->  kept       (or back, when the next step fails)
///     partial  --rename-->  target
///     kept     --rename-->  old
///
/// All block, and are for whoever holds the lock of the partial tree.
class TargetSwap {
 public:
  /// Borrows the folder.
  TargetSwap(Folder& folder, std::string name, const Cid& cid);

  /// Whether a run that was killed left something for recover().
  bool has_leftovers() const;
  /// Puts back what was set aside and not replaced; deletes old targets and trials. An old target
  /// that cannot be deleted stays.
  void recover();

  /// Gives the partial tree its name. What was there, if `replace`, is at old() afterwards.
  void place(bool replace);
  /// The name of the old target; empty when none is left over.
  const std::string& old() const { return old_; }
  /// Empty when it is gone; else why it is not.
  std::optional<Error> remove_old();

 private:
  std::string free_old_name() const;
  void set_aside_and_place();

  Folder& folder_;
  const std::string name_;
  const Cid cid_;
  const std::string partial_;
  const std::string kept_;
  std::string old_;
};

/// Throws Error{io} when replacing the tree at `name` would take more than files: a node's home or
/// what is mounted below it. `home`: of this node. Blocks.
void check_replaceable(Storage& storage, Folder& folder, const std::string& folder_path,
                       const std::string& name, const std::string& home);

}  // namespace shoal::content
