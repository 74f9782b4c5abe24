#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/stall.h"
#include "service/reader.h"
#include "system/rate_meter.h"

namespace shoal::cli {

/// Names the providers in a link that are skipped, and what a link may have lost on its way here.
void tell_unusable(const service::Link& link, Output& output);

/// What ls, cat and stat have in common: a reader on a node, waits that are named, --timeout.
class LookingCommand : public Command {
 public:
  LookingCommand(service::Link link, content::TreeLimits limits)
      : link_(std::move(link)), limits_(limits) {}

  Task<void> run(Session& session) final;
  Task<void> stop() final;

 protected:
  /// The work, once the link's path has been followed.
  virtual Task<void> look(service::Reader& reader, Cid cid) = 0;

  Session& session() { return *session_; }
  const service::Link& link() const { return link_; }
  /// Something came: `bytes` more of it.
  void moved(std::uint64_t bytes = 0);
  /// All of it to stdout. While its reader pauses, signals are noticed and --timeout does not run.
  /// Throws Error{io}; a reader who has gone is the end, and no failure.
  Task<void> write(ByteView bytes);

 private:
  Task<void> look_into();
  void tick();
  std::string wait() const;
  std::string wait_in_short() const;
  std::string wait_with_troubles() const;

  service::Link link_;  // with the peers from --connect among its providers
  const content::TreeLimits limits_;
  Session* session_ = nullptr;
  std::unique_ptr<service::Reader> reader_;
  std::optional<Stall> stall_;
  bool writing_ = false;
  bool reader_gone_ = false;
  std::uint64_t bytes_ = 0;
  std::size_t arriving_ = 0;
  std::uint64_t most_come_ = 0;
  RateMeter rate_;
};

}  // namespace shoal::cli
