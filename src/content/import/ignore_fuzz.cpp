#include "content/import/ignore.h"

#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace {

using namespace shoal;
using namespace shoal::content;

/// A pattern that means these bytes and nothing else.
std::string literal(std::string_view text) {
  std::string out;
  for (const char c : text) out += {'\\', c};
  return out;
}

}  // namespace

// Lines of rules up to the first zero byte, a path behind it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = as_text({data, size});
  const std::size_t end = std::min(input.find('\0'), input.size());
  const std::string_view path = input.substr(std::min(end + 1, input.size()));
  try {
    const IgnoreRules rules(input.substr(0, end));
    const auto verdict = rules.judge(path, true);
    if (rules.empty()) SHOAL_CHECK(verdict == IgnoreRules::Verdict::unknown);
    const auto chain = std::make_shared<const IgnoreChain>(IgnoreChain{rules, 0, nullptr});
    SHOAL_CHECK(IgnoreChain::ignores(chain.get(), path, true) ==
                (verdict == IgnoreRules::Verdict::ignored));
    const Glob exact(literal(path));
    SHOAL_CHECK(exact.matches(path));
    SHOAL_CHECK(!exact.matches(std::string(path) + "x"));
    SHOAL_CHECK(Glob("**").matches(path));
  } catch (const Error&) {
  }
  return 0;
}
