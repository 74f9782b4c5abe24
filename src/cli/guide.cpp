#include <array>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "system/os/desktop.h"

namespace shoal::cli {

namespace {

constexpr const char* kOwnProgram = "/proc/self/exe";
/// From the program's folder: of a package, of a build of this project.
constexpr std::array kPlaces = {"/../share/shoal/guide/index.html", "/../guide/index.html"};

/// Shows the pages of docs/guide, which come with the program.
class GuideCommand final : public Command {
 public:
  Task<void> run(Session& session) override {
    Output& output = session.output();
    const std::string path = find(session.system().storage);
    const bool opened = !output.json() && stdout_is_terminal() && os::show_on_desktop(path);
    output.event({{"event", "guide"}, {"path", path}});
    output.result(path);
    if (!opened) output.note("open this page in a browser; it needs no network");
    co_return;
  }

 private:
  static std::string find(Storage& storage) {
    const std::string program = storage.absolute(kOwnProgram);
    const std::string folder = program.substr(0, program.rfind('/'));
    for (const char* place : kPlaces) {
      const std::string path = storage.absolute(folder + place);
      if (storage.info(path)) return path;
    }
    throw Error(ErrorCode::not_found, "the guide's pages are not installed beside this program", {},
                "in a checkout, `./dev guide` builds them");
  }
};

}  // namespace

std::unique_ptr<Command> make_guide() {
  return std::make_unique<GuideCommand>();
}

}  // namespace shoal::cli
