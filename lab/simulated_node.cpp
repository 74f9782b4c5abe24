#include "lab/simulated_node.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "system/sim/content.h"
#include "system/sim/random.h"

namespace shoal::lab {

namespace {

constexpr Duration kTryAgain = 2s;
constexpr Duration kGiveUpOneTry = 60s;

}  // namespace

std::vector<SampleFile> sample_tree(std::uint64_t seed, std::size_t small_files,
                                    std::size_t large_bytes) {
  sim::SeededRandom random(seed, 0);
  std::vector<SampleFile> out;
  for (std::size_t i = 0; i < small_files; ++i) {
    const std::string folder = "part-" + std::to_string(i % 7);
    out.push_back({folder + "/file-" + std::to_string(i) + ".bin",
                   random.bytes(static_cast<std::size_t>(random.below(24'000)))});
  }
  out.push_back({"large.bin", random.bytes(large_bytes)});
  out.push_back({"empty", {}});
  return out;
}

std::string difference(sim::Host& host, const std::string& root,
                       const std::vector<SampleFile>& tree) {
  for (const SampleFile& expected : tree) {
    const std::string path = root + "/" + expected.path;
    try {
      const sim::Content& content = host.disk().content(path);
      Bytes there(content.size());
      content.read(0, there);
      if (there != expected.content) return path + " has other bytes on " + host.name();
    } catch (const Error& error) {
      return path + " is missing on " + host.name() + ": " + error.what();
    }
  }
  return "";
}

bool is_there(sim::Host& host, const std::string& path) {
  try {
    host.disk().content(path);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::uint64_t right_bytes(sim::Host& host, const std::string& root,
                          const std::vector<SampleFile>& tree) {
  std::uint64_t out = 0;
  for (const SampleFile& file : tree) {
    const std::string path = root + "/" + file.path;
    if (!is_there(host, path)) continue;
    Bytes there(file.content.size());
    host.disk().content(path).read(0, there);
    for (std::size_t at = 0; at < there.size(); at += kLeafBytes) {
      const std::size_t count = std::min(kLeafBytes, there.size() - at);
      const auto part = [&](const Bytes& all) { return ByteView(all).subspan(at, count); };
      if (equal(part(there), part(file.content))) out += count;
    }
  }
  return out;
}

SimulatedUser::SimulatedUser(sim::World& world, sim::Host& host, std::uint16_t port)
    : world_(world), host_(host), port_(port), fate_(world.waits(), "fate of " + host.name()) {}

SimulatedUser::~SimulatedUser() = default;

void SimulatedUser::share(std::string path) {
  job_ = Job::share;
  what_ = std::move(path);
  start_life();
}

void SimulatedUser::get(std::string link, std::string folder) {
  job_ = Job::get;
  what_ = std::move(link);
  folder_ = std::move(folder);
  start_life();
}

void SimulatedUser::start_life() {
  life_ = std::make_unique<TaskGroup>(world_.waits(), host_.name());
  life_->spawn(live(host_.system()));
}

void SimulatedUser::crash_and_return(Duration pause) {
  if (stopped_ || !host_.up() || life_ == nullptr) return;
  ++crashes_;
  host_.crash();
  fate_.spawn(come_back(pause));
}

Task<void> SimulatedUser::come_back(Duration pause) {
  // What is left of the node ends without effect: its machine has gone.
  co_await life_->stop();
  life_.reset();
  co_await world_.clock().sleep_for(pause);
  host_.restart();
  if (!stopped_) start_life();
}

Task<void> SimulatedUser::live(System& system) {
  while (true) {
    node::Config config;
    config.home = "/home";
    config.listen = {Multiaddr::tcp(Endpoint{host_.address(), port_})};
    config.agent = "shoal/sim";
    try {
      node::Node node(system, config);
      std::exception_ptr failure;
      try {
        node.start();
        node_ = &node;
        co_await work(node);
      } catch (...) {
        failure = std::current_exception();
      }
      node_ = nullptr;
      co_await node.stop();
      if (failure) std::rethrow_exception(failure);
    } catch (const Error& error) {
      last_error_ = error.what();
    }
    co_await system.clock.sleep_for(kTryAgain);
  }
}

Task<void> SimulatedUser::work(node::Node& node) {
  System& system = node.system();
  service::Share share(node.context(), node.done_listener());
  std::exception_ptr failure;
  try {
    if (job_ == Job::share) {
      co_await share.index({what_}, {});
      link_ = share.link(node.addresses()).to_string();
    } else {
      // Also when it was done: after a loss of power it may have forgotten where things lie.
      co_await get_once(node);
      // Having it, it serves it.
      co_await share.adopt(result_->cid);
    }
    while (true) co_await system.clock.sleep_for(1h);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await share.stop();
  std::rethrow_exception(failure);
}

Task<void> SimulatedUser::get_once(node::Node& node) {
  service::GetOptions options{.link = service::Link::parse(what_),
                              .output = folder_,
                              .replace = false,
                              .timeout = kGiveUpOneTry};
  service::Get get(node.context(), std::move(options));
  get.when_serving([this, &node](const Cid& root) {
    link_ = service::Link{.cid = root, .path = {}, .filename = {}, .providers = node.addresses()}
                .to_string();
  });
  get.when_bad_peer([this](const content::BadPeer& bad) { accused_.push_back(bad); });
  under_way_ = &get;
  std::exception_ptr failure;
  try {
    result_ = co_await get.run();
  } catch (...) {
    failure = std::current_exception();
  }
  under_way_ = nullptr;
  for (const content::SourceCount& source : get.fetched().sources) bytes_fetched_ += source.bytes;
  if (failure) std::rethrow_exception(failure);
}

std::uint64_t SimulatedUser::bytes_claimed() const {
  return host_.up() && under_way_ != nullptr ? under_way_->status().bytes_done : 0;
}

void SimulatedUser::stop() {
  stopped_ = true;
  world_.run(fate_.join());
  if (life_) world_.run(life_->stop());
}

}  // namespace shoal::lab
