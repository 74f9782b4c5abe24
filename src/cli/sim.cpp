#include "cli/sim.h"

#include <charconv>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "lab/scenario.h"
#include "system/os/world.h"
#include "system/system.h"

namespace shoal::cli {

namespace {

constexpr int kUsage = 2;

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// Names only: for programs.
int list() {
  for (const lab::Scenario& scenario : lab::scenarios()) std::puts(scenario.name.c_str());
  return 0;
}

int describe() {
  std::puts("usage: ./dev sim SCENARIO [--seed N] [--seeds N] [--pcap FILE]");
  for (const lab::Scenario& scenario : lab::scenarios()) {
    std::printf("\n%s\n  %s\n  Checked: %s\n", scenario.name.c_str(), scenario.description.c_str(),
                scenario.checks.c_str());
  }
  return 0;
}

void introduce(const lab::Scenario& scenario) {
  std::fprintf(stderr, "Simulated: %s\nChecked: %s\n", scenario.description.c_str(),
               scenario.checks.c_str());
}

/// `failed`: the first seed that did, if one did.
void tell_how_to_look_closer(const lab::Scenario& scenario, std::uint64_t seed,
                             std::optional<std::uint64_t> failed) {
  std::fprintf(stderr,
               "The last column is a hash of every event of the run: the same seed and code give "
               "the same hash.\n%s, with every packet of it: ./dev sim %s --seed %" PRIu64
               " --pcap run.pcap\n",
               failed ? "The failure again" : "One run again", scenario.name.c_str(),
               failed.value_or(seed));
}

/// Where the packets of a run go, for Wireshark and the like; nowhere without a path.
class PacketFile {
 public:
  explicit PacketFile(const std::string& path) {
    if (path.empty()) return;
    world_.system().storage.remove(path);
    file_ = world_.system().storage.open(path, Access::create_new);
  }

  std::function<void(ByteView)> sink() const {
    if (!file_) return {};
    auto at = std::make_shared<std::uint64_t>(0);
    return [this, at](ByteView bytes) {
      file_->write_at(*at, bytes);
      *at += bytes.size();
    };
  }

 private:
  os::World world_;
  std::unique_ptr<File> file_;
};

using FaultCounts = std::map<std::string, std::uint64_t>;

// In so many seeds every fault point fires.
constexpr std::uint64_t kEnoughSeeds = 50;

/// False when one that was passed never fired.
bool tell_faults(const FaultCounts& faults, std::uint64_t seeds) {
  bool all = true;
  for (const auto& [point, fired] : faults) {
    std::fprintf(stderr, "  %-22s %10" PRIu64 "\n", point.c_str(), fired);
    if (fired > 0 || seeds < kEnoughSeeds) continue;
    std::fprintf(stderr, "error: %s never fired\n", point.c_str());
    all = false;
  }
  return all;
}

/// False when it failed.
bool run_seed(const lab::Scenario& scenario, std::uint64_t seed, const PacketFile& packets,
              FaultCounts& faults) {
  const lab::Outcome outcome = scenario.run({.seed = seed, .packets = packets.sink()});
  const bool ok = outcome.failure.empty();
  std::printf("%s %" PRIu64 " %s %016" PRIx64 "\n", scenario.name.c_str(), seed,
              ok ? "ok" : outcome.failure.c_str(), outcome.trace_hash);
  std::fflush(stdout);
  std::fprintf(stderr, "  %s\n", outcome.summary.c_str());
  for (const auto& [point, fired] : outcome.faults) faults[point] += fired;
  return ok;
}

}  // namespace

int run_sim(const std::vector<std::string>& arguments) {
  const lab::Scenario* scenario = nullptr;
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  std::string pcap;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--list") return list();
    if (word == "--pcap" && i + 1 < arguments.size()) {
      pcap = arguments[++i];
      continue;
    }
    if (word == "--seed" || word == "--seeds") {
      const auto value = i + 1 < arguments.size() ? number(arguments[++i]) : std::nullopt;
      if (!value) {
        std::fprintf(stderr, "error: %s needs a number\n", word.c_str());
        return kUsage;
      }
      (word == "--seed" ? seed : seeds) = *value;
      continue;
    }
    scenario = lab::find_scenario(word);
    if (scenario == nullptr) {
      std::fprintf(stderr, "error: there is no scenario '%s'; --list shows all\n", word.c_str());
      return kUsage;
    }
  }
  if (scenario == nullptr) return describe();
  if (!pcap.empty() && seeds > 1) {
    std::fputs("error: --pcap takes the packets of one seed\n", stderr);
    return kUsage;
  }
  const PacketFile packets(pcap);
  std::optional<std::uint64_t> failed;
  FaultCounts faults;
  introduce(*scenario);
  for (std::uint64_t i = 0; i < seeds; ++i) {
    const bool ok = run_seed(*scenario, seed + i, packets, faults);
    if (!ok && !failed) failed = seed + i;
  }
  const bool all_ok = tell_faults(faults, seeds) && !failed;
  if (pcap.empty()) {
    tell_how_to_look_closer(*scenario, seed, failed);
  } else {
    std::fprintf(stderr, "Every packet is in %s; Wireshark and tcpdump -r read it.\n",
                 pcap.c_str());
  }
  return all_ok ? 0 : 1;
}

}  // namespace shoal::cli
