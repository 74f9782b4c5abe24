#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/looking.h"
#include "cli/mode_text.h"
#include "cli/units.h"

namespace shoal::cli {

namespace {

std::string held_text(const service::Stat& stat) {
  if (stat.blocks_held == stat.blocks) return "all of it";
  if (stat.blocks_held == 0) return "nothing";
  return fmt::format("{} of {} blocks", stat.blocks_held, stat.blocks);
}

class StatCommand final : public LookingCommand {
 public:
  using LookingCommand::LookingCommand;

 private:
  Task<void> look(service::Reader& reader, Cid cid) override {
    const service::Stat stat = co_await reader.stat(std::move(cid));
    auto& output = session().output();
    output.event({{"type", type_name(stat.kind)},
                  {"cid", stat.cid.to_string()},
                  {"bytes", stat.bytes},
                  {"blocks", stat.blocks},
                  {"files", stat.files},
                  {"folders", stat.folders},
                  {"blocks_held", stat.blocks_held},
                  {"held", stat.blocks_held == stat.blocks}});
    output.result(fmt::format("type     {}", type_name(stat.kind)));
    output.result(fmt::format("cid      {}", stat.cid.to_string()));
    output.result(fmt::format("size     {} ({} bytes)", format_size(stat.bytes), stat.bytes));
    output.result(fmt::format("blocks   {}", stat.blocks));
    output.result(fmt::format("files    {}", stat.files));
    output.result(fmt::format("folders  {}", stat.folders));
    output.result(fmt::format("here     {}", held_text(stat)));
  }
};

}  // namespace

std::unique_ptr<Command> make_stat(service::Link link, content::TreeLimits limits) {
  return std::make_unique<StatCommand>(std::move(link), limits);
}

}  // namespace shoal::cli
