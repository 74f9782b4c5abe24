#include "cli/session.h"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>

#include <fmt/format.h>

#include "base/log.h"
#include "cli/command.h"
#include "cli/standard_input.h"
#include "cli/terminal.h"
#include "cli/tls_files.h"
#include "cli/version.h"
#include "system/event.h"
#include "system/os/world.h"
#include "system/task_group.h"
#include "system/whole_file.h"

namespace shoal::cli {

namespace {

constexpr Duration kLimitsLook = 500ms;

}  // namespace

std::string Session::home() const {
  const std::string home = options_.home.empty() ? default_home() : options_.home;
  Storage& storage = system_.storage;
  const auto there = storage.info(storage.absolute(home));
  if (there && there->kind != FileKind::folder) {
    throw Error(ErrorCode::io, "not a folder", home, "choose another folder with --home");
  }
  return home;
}

node::Node& Session::open_node() {
  if (!node_) {
    node::Config config{.home = home(),
                        .listen = options_.listen,
                        .connect = options_.connect,
                        .bootstrap = options_.bootstrap,
                        .lan = options_.lan,
                        .dht = true,
                        .dht_server = serves_dht_,
                        .is_public = options_.is_public,
                        .routers = options_.routers,
                        .announce = options_.announce,
                        .relays = options_.relays,
                        .relay_service = options_.relay_service,
                        .port_mapping = options_.port_mapping,
                        .up = options_.up,
                        .down = options_.down,
                        .agent = agent(),
                        .quic = true};
    if (!options_.network_file.empty()) config.upgrade.network_key = read_network_key();
    config.upgrade.web_tls = web_tls_options(system_.storage, options_.tls);
    node_ = std::make_unique<node::Node>(system_, std::move(config));
    if (const auto& aside = node_->store().damaged(); !aside.empty()) {
      output_.warning("the index was damaged, so a new one was started; the old one is kept as " +
                      aside);
    }
    remove_old_spools(system_, node_->store(), node_->config().home);
  }
  return *node_;
}

pnet::NetworkKey Session::read_network_key() const {
  const std::string path = system_.storage.absolute(options_.network_file);
  const auto text = read_whole(system_.storage, path, pnet::kMaxKeyFileBytes);
  if (!text) {
    throw Error(ErrorCode::io, "no such file", path, "`shoal network new FILE` makes a key");
  }
  try {
    return pnet::NetworkKey::parse(*text);
  } catch (const Error& error) {
    throw Error(ErrorCode::usage, "--network: not the key of a network: " + error.message(), path,
                "it is a swarm.key, as `shoal network new FILE` makes");
  }
}

node::Node& Session::start_node() {
  auto& node = open_node();
  if (listening_) return node;
  listening_ = true;
  try {
    node.start();
    tasks_ = std::make_unique<TaskGroup>(system_.waits, "limits");
    tasks_->spawn(follow_limits());
    if (const auto port = node.port_taken()) {
      output_.warning(fmt::format(
          "port {} of this home is taken by another program: links made before work again when it "
          "is free",
          *port));
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported) {
      // "unreachable" would speak of others.
      throw Error(ErrorCode::failed, "cannot listen: " + error.message(), error.subject(),
                  error.hint());
    }
    throw Error(ErrorCode::usage, std::string("--listen: ") + error.what(), {},
                "an address looks like /ip4/0.0.0.0/tcp/4001");
  }
  return node;
}

/// `shoal limit` changes them.
Task<void> Session::follow_limits() {
  node::LimitOrders orders(system_.storage, node_->home().root());
  while (true) {
    co_await system_.clock.sleep_for(kLimitsLook);
    const auto order = orders.next();
    if (order) node_->set_limits(*order);
  }
}

Task<void> Session::stop() {
  if (tasks_) co_await tasks_->stop();
  tasks_.reset();
  if (node_) co_await node_->stop();
  node_.reset();
}

void Session::commit() noexcept {
  try {
    if (node_) node_->store().commit();
  } catch (const std::exception& error) {
    log_warning("could not commit: {}", error.what());
  }
}

namespace {

/// Leaves time for the last words within the 2 s that are promised.
constexpr Duration kStopTime = 1700ms;

/// The same when nobody is in a hurry.
constexpr Duration kEndTime = 10s;

/// One run of a command in a world.
class Run {
 public:
  Run(os::World& world, Command& command, const CommonOptions& options, Output& output)
      : world_(world),
        command_(command),
        output_(output),
        session_(world.system(), options, output),
        changed_(world.system().waits),
        work_(world.system().waits, "command"),
        watches_(world.system().waits, "signals") {}

  Task<void> main() {
    watches_.spawn(watch_signals());
    work_.spawn(run_command());
    while (!ended_ && signal_ == 0) co_await changed_.wait();
    co_await work_.stop();
    watches_.spawn(give_up_after(kEndTime));
    co_await finish();
    co_await watches_.stop();
  }

  /// Tells how it ended.
  int report() {
    output_.end_progress();
    const auto failure = find_failure();
    if (!failure) return kExitOk;
    if (signal_came_first_) {
      output_.last_word(*failure);
    } else {
      output_.failure(*failure);
    }
    return failure->exit_code;
  }

 private:
  Task<void> run_command() {
    try {
      co_await command_.run(session_);
    } catch (...) {
      error_ = std::current_exception();
    }
    // Cancelled by a signal is neither an end nor an error.
    if (!work_.stopping()) ended_ = true;
    changed_.notify_all();
  }

  Task<void> watch_signals() {
    signal_ = co_await world_.wait_for_signal();
    signal_came_first_ = !ended_;
    changed_.notify_all();
    co_await give_up_after(kStopTime);
  }

  Task<void> give_up_after(Duration time) {
    co_await world_.system().clock.sleep_for(time);
    give_up();
  }

  /// What the command and the node need to end in order.
  Task<void> finish() {
    try {
      co_await command_.stop();
    } catch (...) {
      if (!error_) error_ = std::current_exception();
    }
    try {
      co_await session_.stop();
    } catch (...) {
      if (!error_) error_ = std::current_exception();
    }
  }

  /// Something does not end, such as a write to a dead disk: the state on disk is whole at any
  /// moment, so the process may simply go.
  [[noreturn]] void give_up() {
    restore_terminal();
    session_.commit();
    const int exit_code = report();
    std::fflush(nullptr);
    std::_Exit(exit_code);
  }

  std::optional<Failure> find_failure() const {
    if (signal_came_first_) {
      if (session_.signal_expected()) return std::nullopt;
      return stopped_by(signal_, command_.goes_on());
    }
    try {
      if (!error_) output_.check_written();
      if (!error_) return std::nullopt;
      std::rethrow_exception(error_);
    } catch (const Error& error) {
      return to_failure(error);
    } catch (const std::exception& error) {
      return to_failure(Error(ErrorCode::failed, error.what()));
    }
  }

  os::World& world_;
  Command& command_;
  Output& output_;
  Session session_;
  Event changed_;
  bool ended_ = false;
  bool signal_came_first_ = false;
  int signal_ = 0;
  std::exception_ptr error_;
  TaskGroup work_;
  TaskGroup watches_;
};

LogLevel log_level_for(const CommonOptions& options) {
  if (options.verbosity >= 2) return LogLevel::debug;
  if (options.verbosity == 1) return LogLevel::info;
  return options.output.quiet ? LogLevel::error : LogLevel::warning;
}

}  // namespace

int run_command(Command& command, const CommonOptions& options) {
  set_log_level(log_level_for(options));
  Output output(options.output);
  set_log_look(output.on_terminal(), output.colored());
  // For tests: see docs/hacking.md.
  const char* loop_watch = std::getenv("SHOAL_LOOP_WATCH");
  os::World world({.loop_watch = loop_watch != nullptr ? loop_watch : ""});
  Run run(world, command, options, output);
  world.run(run.main());
  return run.report();
}

}  // namespace shoal::cli
