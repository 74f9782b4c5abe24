#include "service/target_name.h"

#include <algorithm>

#include "base/error.h"
#include "format/name_check.h"

namespace shoal::service {

namespace {

std::string last_part(std::string_view path) {
  return std::string(path.substr(path.find_last_of('/') + 1));
}

/// C0, DEL, and C1 as UTF-8 has them: a terminal obeys all of them.
bool has_control_characters(const std::string& name) {
  unsigned char before = 0;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (before == 0xc2 && byte >= 0x80 && byte < 0xa0) return true;
    before = byte;
  }
  return false;
}

bool harmless(const std::string& name) {
  return is_acceptable_name(name) && !has_control_characters(name);
}

std::string without_slashes_at_end(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

std::string suggested_name(const Link& link) {
  // What a path leads to has another name than the whole.
  const std::string name = link.path.empty() ? last_part(link.filename) : link.path.back();
  return harmless(name) ? name : link.cid.to_string();
}

TargetPlace choose_target(Storage& storage, const Link& link, const std::string& output) {
  if (output.empty()) return {storage.absolute("."), suggested_name(link)};
  const std::string path = without_slashes_at_end(output);
  const std::string real = storage.absolute(path);
  const auto there = storage.info(real);
  if (there && there->kind == FileKind::folder) return {real, suggested_name(link)};
  if (path.size() != output.size()) {
    throw Error(ErrorCode::io, "there is no such folder", output, "make it first: mkdir -p");
  }
  const auto slash = path.find_last_of('/');
  const std::string folder =
      slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
  const std::string name = last_part(path);
  const std::string real_folder = storage.absolute(folder);
  const auto folder_there = storage.info(real_folder);
  if (!folder_there || folder_there->kind != FileKind::folder) {
    throw Error(ErrorCode::io, "there is no such folder", folder, "make it first: mkdir -p");
  }
  if (!is_acceptable_name(name)) {
    throw Error(ErrorCode::usage, "this cannot be the name of a file", output);
  }
  return {real_folder, name};
}

}  // namespace shoal::service
