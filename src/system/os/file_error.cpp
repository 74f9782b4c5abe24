#include "system/os/file_error.h"

#include <system_error>

namespace shoal::os {

Error file_error(int cause, const std::string& path) {
  const auto error = [&](ErrorCode code, const char* message, const char* hint = "") {
    return Error(code, message, path, hint);
  };
  switch (cause) {
    case ENOENT:
      return error(ErrorCode::io, "no such file or folder");
    case EEXIST:
    case ENOTEMPTY:
      return error(ErrorCode::exists, "it is already there");
    case EACCES:
    case EPERM:
      return error(ErrorCode::io, "permission denied", "check who owns it and its rights");
    case ENOSPC:
      return error(ErrorCode::io, "no space left on the disk",
                   "free some space there, then run the same command again");
    case EDQUOT:
      return error(ErrorCode::io, "the disk quota is used up",
                   "free some space there, then run the same command again");
    case EROFS:
      return error(ErrorCode::io, "the file system is read-only", "choose another place");
    case EFBIG:
      return error(ErrorCode::io, "too big for this file system", "choose another place");
    case ENAMETOOLONG:
      return error(ErrorCode::io, "the name is too long for this file system");
    case EISDIR:
      return error(ErrorCode::io, "it is a folder");
    case ENOTDIR:
      return error(ErrorCode::io, "part of the path is not a folder");
    case ELOOP:
      return error(ErrorCode::io, "a symbolic link is in the way");
    case EBUSY:
      return error(ErrorCode::io, "it is in use, or another file system is mounted there");
    case EXDEV:
      return error(ErrorCode::io, "the path leads out of its folder or file system");
    case EMFILE:
    case ENFILE:
      return error(ErrorCode::io, "too many open files", "raise the limit: ulimit -n");
    case EIO:
      return error(ErrorCode::io, "the disk reports an error", "check the disk");
    case ENXIO:
    case ENODEV:
      return error(ErrorCode::io, "not a regular file");
    default:
      return Error(ErrorCode::io, std::system_category().message(cause), path);
  }
}

Error creation_error(int cause, const std::string& path) {
  switch (cause) {
    case EINVAL:
    case EILSEQ:
      return Error(ErrorCode::unsupported, "this file system does not allow the name", path);
    case ENAMETOOLONG:
      return Error(ErrorCode::unsupported, "the name is too long for this file system", path);
    default:
      return file_error(cause, path);
  }
}

}  // namespace shoal::os
