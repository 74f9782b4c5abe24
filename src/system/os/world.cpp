#include "system/os/world.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <fstream>
#include <optional>
#include <thread>

#include "system/os/clock.h"
#include "system/os/loop_watch.h"
#include "system/os/network.h"
#include "system/os/offload.h"
#include "system/os/one_signal.h"
#include "system/os/random.h"
#include "system/os/resolver.h"
#include "system/os/storage.h"

namespace shoal::os {

namespace asio = boost::asio;

namespace {

class NoFaults final : public Faults {
 public:
  bool fires(std::string_view) override { return false; }
};

/// Gives back to the kernel what was freed: the allocator keeps the pages of a busy hour for ever.
class Trimmer {
 public:
  explicit Trimmer(asio::io_context& context) : timer_(context) { wait(); }

 private:
  static constexpr std::chrono::seconds kInterval{5};
  /// And so many times as long as the last look or trim took: each walks over all that is free,
  /// which is seconds in a simulation of a thousand nodes.
  static constexpr int kRest = 100;
  /// What makes it worth while: so much more than after the last time.
  static constexpr std::size_t kWorthBytes = 4 * 1024 * 1024;

  using Steady = std::chrono::steady_clock;

  static std::size_t resident_bytes() {
    std::ifstream sizes("/proc/self/statm");
    std::size_t whole = 0;
    std::size_t resident = 0;
    sizes >> whole >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  }

  void wait() {
    timer_.expires_after(std::max<Steady::duration>(kInterval, kRest * std::exchange(took_, {})));
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      timed([this] { look(); });
      wait();
    });
  }

  template <class Work>
  void timed(Work work) {
    const Steady::time_point begun = Steady::now();
    work();
    took_ += Steady::now() - begun;
  }

  /// To look costs as much as to trim, milliseconds where much is free: each has a turn of its own.
  void look() {
    const struct mallinfo2 heap = ::mallinfo2();
    const std::size_t used = heap.uordblks + heap.hblkhd;
    const std::size_t resident = resident_bytes();
    // What the process holds and has no use for, give or take its code and stacks.
    const std::size_t idle = resident - std::min(resident, used);
    last_idle_ = std::min(last_idle_, idle);
    if (idle - last_idle_ < kWorthBytes) return;
    asio::post(timer_.get_executor(),
               [this, idle, resident] { timed([&] { trim(idle, resident); }); });
  }

  void trim(std::size_t idle, std::size_t resident) {
    ::malloc_trim(0);
    const std::size_t left = resident_bytes();
    const std::size_t returned = resident - std::min(resident, left);
    last_idle_ = idle - std::min(idle, returned);
  }

  asio::steady_timer timer_;
  Steady::duration took_{};
  std::size_t last_idle_ = 0;
};

unsigned thread_count(const WorldOptions& options) {
  if (options.offload_threads > 0) return options.offload_threads;
  // One may wait for a disk to sync, for seconds: never the only one.
  return std::max(2u, std::thread::hardware_concurrency());
}

}  // namespace

struct World::Parts {
  explicit Parts(const WorldOptions& options)
      : context(std::in_place, 1),
        waits(context->get_executor()),
        clock(waits, *context, options.wall_ahead),
        network(*context, clock),
        resolver(waits, *context),
        offload(waits, *context, thread_count(options)),
        trimmer(std::in_place, *context),
        system{.waits = waits,
               .clock = clock,
               .random = random,
               .network = network,
               .resolver = resolver,
               .storage = storage,
               .offload = offload,
               .faults = faults} {
    if (!options.loop_watch.empty()) watch.emplace(options.loop_watch);
  }

  ~Parts() {
    // Jobs may use what is in the frames that wait for them, so those come second. Frames that wait
    // for a socket are the context's; they may still ask the waits, which therefore go last.
    offload.finish();
    resolver.finish();
    waits.clear();
    clock.shut();
    trimmer.reset();
    context.reset();
  }

  std::optional<asio::io_context> context;
  Waits waits;
  RealClock clock;
  KernelRandom random;
  HostNetwork network;
  HostResolver resolver;
  HostStorage storage;
  ThreadPool offload;
  std::optional<Trimmer> trimmer;
  NoFaults faults;
  System system;
  std::optional<LoopWatch> watch;
};

World::World(WorldOptions options) : parts_(std::make_unique<Parts>(options)) {}

World::~World() = default;

System& World::system() {
  return parts_->system;
}

void World::run() {
  auto& context = *parts_->context;
  const auto work = asio::make_work_guard(context);
  context.restart();
  if (parts_->watch) {
    parts_->watch->run(context);
  } else {
    context.run();
  }
}

void World::run(Task<void> main) {
  struct End {
    bool awaited = true;
    std::exception_ptr error;
  };
  auto& context = *parts_->context;
  // Shared: after a stop() from outside, the task stays behind, and may end in a later run().
  const auto end = std::make_shared<End>();
  asio::co_spawn(context, std::move(main), [end, &context](std::exception_ptr error) {
    if (!end->awaited) return;
    end->error = std::move(error);
    context.stop();
  });
  run();
  end->awaited = false;
  if (end->error) std::rethrow_exception(end->error);
}

void World::stop() {
  parts_->context->stop();
}

Task<int> World::wait_for_signal() {
  co_await cancellation_point();
  const OneSignal signal;
  asio::posix::stream_descriptor come(*parts_->context, signal.descriptor());
  boost::system::error_code error;
  co_await come.async_wait(asio::posix::descriptor_base::wait_read,
                           asio::redirect_error(asio::use_awaitable, error));
  if (error) throw boost::system::system_error(error);
  co_return signal.number();
}

}  // namespace shoal::os
