#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace shoal::content {

/// A file name pattern as gitignore(5) has them: `*` and `?` match anything but '/', `[a-z]` and
/// `[!a-z]` one such byte, `[[:alpha:]]` one of POSIX's classes in ASCII, `**/` any folders or
/// none, a final `**` everything below, `\` takes the meaning from what follows. Bytes are compared
/// as they are.
///
/// Takes time in proportion to pattern times text, whatever they are.
class Glob {
 public:
  static constexpr std::size_t kMaxBytes = 4096;

  /// Throws Error{usage} for a pattern that is too long.
  explicit Glob(std::string_view pattern);

  /// The whole of `text`.
  bool matches(std::string_view text) const;

 private:
  enum class Kind : std::uint8_t { byte, any, one_of, none_of, star, all, folders };
  struct Part {
    Kind kind;
    std::uint8_t byte = 0;
    std::vector<std::pair<std::uint8_t, std::uint8_t>> ranges;

    bool takes(std::uint8_t c) const;
    bool may_be_empty() const { return kind >= Kind::star; }
  };

  std::size_t add_class(std::string_view pattern, std::size_t at);
  std::size_t add_stars(std::string_view pattern, std::size_t at);

  std::vector<Part> parts_;
};

}  // namespace shoal::content
