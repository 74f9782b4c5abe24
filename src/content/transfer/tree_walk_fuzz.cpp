#include "content/transfer/tree_walk.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "base/fuzz_script.h"
#include "content/transfer/test_tree.h"
#include "format/name_check.h"
#include "system/sim/world.h"

// A tree that a peer may send, walked to its end. The input is a script that makes blocks, each out
// of those before it; the last one is the root. Whatever they say of each other: names are names,
// nothing is begun twice, content stays within its file, and a file that ends is whole.

namespace {

using namespace shoal;
using namespace shoal::content;

constexpr std::array<const char*, 8> kNames = {"a", "b", "..", "a/b", "", "name", "c\\d", "\xff"};

class Maker {
 public:
  explicit Maker(FuzzScript script) : script_(script) {}

  Cid make() {
    while (!script_.empty() && made_.size() < 64) {
      const std::uint8_t what = script_.byte();
      const std::size_t count = what >> 3;
      made_.push_back(one(what % 8, count));
    }
    if (made_.empty()) made_.push_back({tree.raw({}), 0});
    return made_.back().cid;
  }

  TestTree tree;

 private:
  struct Made {
    Cid cid;
    std::uint64_t bytes;
  };

  const Made& earlier() {
    if (made_.empty()) made_.push_back({tree.raw({1}), 1});
    return made_[script_.byte() % made_.size()];
  }

  Made one(unsigned kind, std::size_t count) {
    switch (kind) {
      case 0:
        return {tree.raw(to_bytes(script_.take(count))), count};
      case 1:
        return {tree.wrapped(script_.take(count)), count};
      case 2:
      case 3:
        return file(count % 8, kind == 3);
      case 4:
        return folder(count % 8);
      case 5:
        return shard(count % 8);
      case 6:
        return {tree.symlink(as_text(script_.take(count))), 0};
      default:
        return {tree.add(Codec::dag_pb, to_bytes(script_.take(count))), 0};
    }
  }

  /// Of parts as long as they are, or as the script says.
  Made file(std::size_t parts, bool may_lie) {
    TestTree::Parts out;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < parts; ++i) {
      const Made part = earlier();
      std::uint64_t claimed = part.bytes;
      if (may_lie) claimed = std::uint64_t{script_.byte()} << script_.byte() % 56;
      if (claimed >= (std::uint64_t{1} << 62) - bytes) break;
      out.emplace_back(part.cid, claimed);
      bytes += claimed;
    }
    return {tree.file(out), bytes};
  }

  Made folder(std::size_t entries) {
    TestTree::Entries out;
    for (std::size_t i = 0; i < entries; ++i) {
      const std::string name = kNames.at(script_.byte() % kNames.size());
      out.emplace_back(name, earlier().cid);
    }
    return {tree.folder(out), 0};
  }

  Made shard(std::size_t entries) {
    TestTree::Entries out;
    for (std::size_t i = 0; i < entries; ++i) {
      const std::uint8_t look = script_.byte();
      const std::string name = kNames.at(look % kNames.size());
      const std::string link = TestTree::in_bucket(name, look / 8 % 4);
      out.emplace_back(look >= 128 ? link.substr(0, 2) : link, earlier().cid);
    }
    return {tree.shard(out), 0};
  }

  FuzzScript script_;
  std::vector<Made> made_;
};

class Source final : public BlockSource {
 public:
  explicit Source(const TestTree& tree) : tree_(tree) {}
  Task<SharedBytes> block(Cid cid) override {
    const auto found = tree_.blocks.find(cid);
    if (found == tree_.blocks.end()) throw Error(ErrorCode::not_found, "nobody has it");
    co_return SharedBytes(found->second);
  }
  void keep(const Cid&, const SharedBytes&) override {}

 private:
  const TestTree& tree_;
};

/// Keeps the books of what a disk would hold.
class Books final : public TreeSink {
 public:
  Task<void> begin_folder(std::string path) override {
    begin(path);
    folders_.insert(path);
    co_return;
  }
  Task<void> end_folder(std::string path, UnixfsMetadata) override {
    SHOAL_CHECK(folders_.erase(path) == 1);
    co_return;
  }
  Task<void> symlink(std::string path, std::string target, UnixfsMetadata) override {
    begin(path);
    SHOAL_CHECK(!target.empty() && target.size() <= kMaxSymlinkBytes);
    co_return;
  }
  Task<std::optional<std::uint64_t>> holds_file(std::string, Cid) override {
    co_return std::nullopt;
  }
  Task<void> small_file(std::string path, Cid, SharedBytes) override {
    begin(path);
    co_return;
  }
  Task<void> begin_file(TreeFile& file) override {
    begin(file.path);
    written_[file.path] = 0;
    co_return;
  }
  Task<bool> holds(TreeFile&, Cid, std::uint64_t, std::uint64_t) override { co_return false; }
  Task<void> content(TreeFile& file, std::uint64_t offset, SharedBytes bytes,
                     const TreeLeaf*) override {
    SHOAL_CHECK(offset <= file.size && bytes.size() <= file.size - offset);
    written_.at(file.path) += bytes.size();
    co_return;
  }
  Task<void> end_file(TreeFile& file) override {
    SHOAL_CHECK(written_.at(file.path) == file.size);
    co_return;
  }

  bool all_ended() const { return folders_.empty(); }

 private:
  void begin(const std::string& path) {
    SHOAL_CHECK(begun_.insert(path).second);
    if (path.empty()) return;
    std::string_view rest = path;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('/'), rest.size());
      SHOAL_CHECK(is_acceptable_name(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == path.npos ? "" : path.substr(0, slash);
    SHOAL_CHECK(folders_.contains(folder));
  }

  std::set<std::string> begun_;
  std::set<std::string> folders_;
  std::map<std::string, std::uint64_t> written_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sim::World world({.step_limit = ~std::uint64_t{0}});
  static System& system = world.add_host().system();
  Maker maker(FuzzScript({data, size}));
  const Cid root = maker.make();
  Source source(maker.tree);
  Books books;
  TreeWalk walk(
      system, source, books,
      {.in_flight_blocks = 1 + size % 4, .max_depth = 8, .max_entries = 500, .roomy_bytes = 1500});
  const auto error = world.run(error_of(walk.run(root)));
  SHOAL_CHECK(error || books.all_ended());
  return 0;
}
