#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "content/import/glob.h"

namespace shoal::content {

inline constexpr const char* kIgnoreFile = ".shoalignore";
inline constexpr std::size_t kMaxIgnoreFileBytes = 1 << 20;

/// The lines of one `.shoalignore`, which say what in its folder and below is not shared. A subset
/// of gitignore(5): blank lines and those that begin with '#' say nothing; '!' takes back; a '/' at
/// the end means folders only; a pattern with another '/' is a path from this folder, one without
/// is a name at any depth. The last line that fits decides.
class IgnoreRules {
 public:
  enum class Verdict { unknown, ignored, kept };

  IgnoreRules() = default;
  explicit IgnoreRules(std::string_view lines);

  /// One pattern, as a line says it.
  void add(std::string_view line);
  /// `path` is relative to the folder of these rules.
  Verdict judge(std::string_view path, bool is_folder) const;
  bool empty() const { return rules_.empty(); }

 private:
  struct Rule {
    Glob glob;
    bool whole_path;
    bool folders_only;
    Verdict verdict;
  };
  std::vector<Rule> rules_;
};

/// The rules that hold in a folder: its own before those of the folders that it lies in.
struct IgnoreChain {
  IgnoreRules rules;
  /// How many bytes of a path below the root name the folder of the rules, its '/' included.
  std::size_t folder_bytes = 0;
  std::shared_ptr<const IgnoreChain> outer;

  /// `path` is relative to the root.
  static bool ignores(const IgnoreChain* chain, std::string_view path, bool is_folder);
};

}  // namespace shoal::content
