#include "service/target_name.h"

#include <algorithm>

#include "base/error.h"
#include "content/partial_name.h"
#include "content/transfer/download.h"
#include "content/transfer/partial_tree.h"
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

/// By the note that a download leaves on what it placed, or by a partial tree beside it.
bool is_made_of(Storage& storage, const TargetPlace& place, const Cid& cid) {
  const std::string path = content::join_path(place.folder, place.name);
  if (storage.attribute(path, content::kRootAttribute) == cid.to_string()) return true;
  const auto beside = [&](const std::string& name) {
    return storage.info(content::join_path(place.folder, name)).has_value();
  };
  return beside(content::partial_name(place.name, cid)) ||
         beside(content::kept_target_name(place.name, cid));
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
  if (there && there->kind == FileKind::folder) {
    TargetPlace place{.folder = real, .name = suggested_name(link), .in_given_folder = true};
    const auto itself = folder_itself(place);
    return itself && is_made_of(storage, *itself, link.cid) ? *itself : place;
  }
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

std::optional<TargetPlace> folder_itself(const TargetPlace& place) {
  const std::string name = last_part(place.folder);
  if (name.empty()) return std::nullopt;
  const std::string above = place.folder.substr(0, place.folder.size() - name.size() - 1);
  return TargetPlace{.folder = above.empty() ? "/" : above, .name = name};
}

}  // namespace shoal::service
