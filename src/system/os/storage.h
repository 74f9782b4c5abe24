#pragma once

#include "system/os/folder.h"

namespace shoal::os {

/// The host's file system. Usable from any thread.
class HostStorage final : public HostFolder<Storage> {
 public:
  HostStorage() : HostFolder<Storage>(Root{.fd = {}, .path = {}}) {}

  std::string absolute(std::string_view path) override;
  std::uint32_t umask() override;
  std::unique_ptr<FileLock> lock(std::string_view path) override;
  std::optional<LockHolder> lock_holder(std::string_view path) override;
};

}  // namespace shoal::os
