#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/holder_text.h"
#include "node/status.h"
#include "service/link.h"

namespace shoal::cli {

namespace {

/// Takes files out of the index, which remembers them to save work.
class ForgetCommand final : public Command {
 public:
  explicit ForgetCommand(ForgetOptions options) : options_(std::move(options)) {}

  Task<void> run(Session& session) override {
    auto& node = session.open_node();
    if (!node.home().is_first()) refuse(session.system().storage, node.home().root());
    std::uint64_t files = 0;
    if (options_.all) files = node.store().forget_all();
    for (const std::string& what : options_.what) {
      const std::uint64_t found = co_await forget(session.system().storage, node.store(), what);
      if (found == 0) unknown(what);
      files += found;
    }
    node.store().commit();
    session.output().event({{"event", "forgotten"}, {"files", files}});
    session.output().result(fmt::format("forgot {} {}; they stay where they are", files,
                                        files == 1 ? "file" : "files"));
  }

 private:
  static Task<std::uint64_t> forget(Storage& storage, content::BlockStore& store,
                                    std::string what) {
    const std::string path = storage.absolute(what);
    if (const std::uint64_t files = store.forget_path(path); files > 0) co_return files;
    std::optional<Cid> cid;
    try {
      cid = service::Link::parse(what, true).cid;
    } catch (const Error&) {
      co_return 0;  // a path, then, of which nothing is known
    }
    co_return co_await store.forget_tree(std::move(*cid));
  }

  [[noreturn]] static void unknown(const std::string& what) {
    throw Error(ErrorCode::not_found, "not in the index", what,
                "`shoal status` lists what it remembers");
  }

  [[noreturn]] static void refuse(Storage& storage, const std::string& home) {
    const auto holder = node::holder_of(storage, home);
    throw Error(ErrorCode::locked,
                "the index is in use by " + (holder ? holder_text(*holder) : "another process"),
                home, "stop that first; what it does not share is not served either way");
  }

  const ForgetOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_forget(ForgetOptions options) {
  return std::make_unique<ForgetCommand>(std::move(options));
}

}  // namespace shoal::cli
