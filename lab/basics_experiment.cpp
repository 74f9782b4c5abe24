#include "lab/basics_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>

#include "lab/lab_node.h"
#include "lab/lookups.h"
#include "lab/plot/sequence.h"
#include "lab/plot/svg.h"
#include "system/sim/content.h"
#include "system/sim/random.h"

namespace shoal::lab {

namespace {

constexpr std::array kNames = {"Ana", "Ben", "Cem", "Dia", "Eva"};
enum Who : std::size_t { kAna, kBen, kCem, kDia, kEva };
enum Kind : std::size_t { kConnects, kAsks, kTells, kBlocks, kNote };
constexpr std::size_t kFileBytes = 3'500'000;
constexpr Duration kBetweenSteps = 3s;

/// Draws the connections that a node opens.
class DialWatch final : public net::ConnectionObserver {
 public:
  explicit DialWatch(std::function<void(const PeerId&)> dialled) : dialled_(std::move(dialled)) {}
  void connected(net::Connection& connection) override {
    if (connection.direction() == net::Direction::outbound) dialled_(connection.peer());
  }
  void disconnected(net::Connection&) override {}

 private:
  std::function<void(const PeerId&)> dialled_;
};

/// The story, as it happens.
class Basics {
 public:
  explicit Basics(std::uint64_t seed)
      : world_({.name = "basics", .seed = seed, .path = {.latency = 20ms}}), random_(seed, 3) {
    diagram_.title = "Five nodes and one file";
    diagram_.kinds = {"opens a connection", "asks for the file's key", "says that it has the file",
                      "sends blocks"};
    for (const char* name : kNames) {
      diagram_.actors.emplace_back(name);
      sim::HostOptions host;
      host.name = name;
      host.up = host.down = 4'000'000;
      std::vector<Multiaddr> bootstrap;
      if (!nodes_.empty()) bootstrap.push_back(nodes_.front().address());
      nodes_.emplace_back(world_, name, host, bootstrap);
      // Only whoever is there already can be named to others.
      if (nodes_.size() == 1) join(kAna);
    }
  }
  ~Basics() {
    for (LabNode& node : nodes_) world_.run(node.stop());
  }

  Report run() {
    join(kBen);
    join(kCem);
    step("Ana, Ben and Cem are there");
    share();
    step("Ben shares the file");
    join(kDia);
    step("Dia joins by Ana");
    find();
    get(kDia);
    step("Dia finds and gets it, and serves it now");
    leave(kBen);
    step("Ben is gone");
    join(kEva);
    get(kEva);
    step("Eva gets it from Dia");
    leave(kDia);
    step("Dia is gone");
    return report();
  }

 private:
  void join(Who who) {
    note(who, "joins");
    nodes_[who].start();
    watches_.emplace_back([this, who](const PeerId& peer) { arrow(who, peer, "", kConnects); });
    nodes_[who].node().swarm().add_observer(watches_.back());
    world_.run_for(kBetweenSteps);
  }

  void share() {
    content_ = random_.bytes(kFileBytes);
    nodes_[kBen].host().disk().put("/film.mkv", sim::Content::of(content_));
    cid_ = world_.run(nodes_[kBen].share("/film.mkv"));
    note(kBen, "shares");
    announced(kBen);
  }

  /// Who keeps a record by now.
  void announced(Who who) {
    world_.run_for(kBetweenSteps);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (i != who && knows_provider(i, who)) arrow(who, nodes_[i].id(), "I have it", kTells);
    }
  }

  void find() {
    const auto asked = [this](const kad::Hop& hop) { arrow(kDia, hop.peer, "who has it?", kAsks); };
    kad::Dht& dht = nodes_[kDia].node().dht()->dht();
    world_.run(dht.find_closest(to_bytes(cid_->hash().encoded()), asked));
  }

  void get(Who who) {
    world_.run(nodes_[who].get({.cid = *cid_}));
    for (const service::SourceResult& source : nodes_[who].result()->sources) {
      const std::size_t from = index_of(source.peer);
      add(from, who, fmt::format("{} blocks", source.blocks), kBlocks);
      received_[who].push_back({from, source.bytes});
    }
    announced(who);
  }

  void leave(Who who) {
    note(who, "leaves");
    world_.run(nodes_[who].stop());
    world_.run_for(kBetweenSteps);
  }

  bool knows_provider(std::size_t node, std::size_t provider) {
    if (!nodes_[node].running() || !nodes_[provider].running()) return false;
    kad::DhtServer* server = nodes_[node].node().dht()->dht().server();
    const auto key = kad::Key::of(cid_->hash());
    const auto found = server->providers().find(key, world_.now());
    return std::ranges::find(found, nodes_[provider].id(), &kad::PeerInfo::id) != found.end();
  }

  std::size_t index_of(const PeerId& peer) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].running() && nodes_[i].id() == peer) return i;
    }
    return nodes_.size();
  }

  void arrow(std::size_t from, const PeerId& to, std::string words, Kind kind) {
    const std::size_t index = index_of(to);
    if (index < nodes_.size()) add(from, index, std::move(words), kind);
  }
  void note(Who who, std::string words) { add(who, who, std::move(words), kNote); }
  void add(std::size_t from, std::size_t to, std::string words, Kind kind) {
    diagram_.messages.push_back({.from = from,
                                 .to = to,
                                 .words = std::move(words),
                                 .time = fmt::format("{:.1f} s", seconds_of(world_.now() - began_)),
                                 .kind = kind});
  }

  /// What each node knows now, as a row.
  void step(std::string what) {
    std::vector<std::string> row = {std::move(what)};
    for (std::size_t i = 0; i < nodes_.size(); ++i) row.push_back(knowledge_of(i));
    knowledge_.rows.push_back(std::move(row));
  }

  std::string knowledge_of(std::size_t index) {
    if (!nodes_[index].running()) return "not there";
    node::Node& node = nodes_[index].node();
    kad::Dht& dht = node.dht()->dht();
    const bool holds = cid_ && node.store().has(cid_->hash());
    return fmt::format("{} peers, {} in table, {} records{}", node.swarm().connections().size(),
                       dht.table().size(), dht.server()->providers().record_count(),
                       holds ? ", the file" : "");
  }

  Report report() {
    Report out;
    const auto bytes_from = [this](Who who, Who from) {
      std::uint64_t sum = 0;
      for (const auto& [source, bytes] : received_[who]) sum += source == from ? bytes : 0;
      return sum;
    };
    const std::uint64_t first = bytes_from(kDia, kBen);
    const std::uint64_t second = bytes_from(kEva, kDia);
    const bool same = holds_copy(kDia) && holds_copy(kEva);
    out.add("bytes_from_ben_to_dia", static_cast<double>(first), "bytes");
    out.add("bytes_from_dia_to_eva", static_cast<double>(second), "bytes");
    out.add("messages_drawn", static_cast<double>(diagram_.messages.size()), "");
    out.claim = fmt::format(
        "Dia got {} bytes from Ben. When he had left, Eva got {} bytes from Dia, who had only just "
        "got them herself. Every byte was verified, and nothing but the five took part.",
        number_text(static_cast<double>(first)), number_text(static_cast<double>(second)));
    out.held = same && first >= kFileBytes && second >= kFileBytes;
    out.trace_hash = world_.trace_hash();
    knowledge_.headings = {"after"};
    for (const char* name : kNames) knowledge_.headings.emplace_back(name);
    out.sections = {
        {.heading = "What happened",
         .svg = to_svg(diagram_),
         .text =
             "Time runs down. Whoever has the file tells those whose ids are nearest to its key; "
             "whoever wants it asks them."},
        {.heading = "What each one knew", .table = knowledge_}};
    return out;
  }

  bool holds_copy(Who who) {
    const sim::Content& there = nodes_[who].host().disk().content("/copy");
    Bytes bytes(there.size());
    there.read(0, bytes);
    return bytes == content_;
  }

  sim::World world_;
  const TimePoint began_ = world_.now();
  sim::SeededRandom random_;
  std::deque<DialWatch> watches_;
  std::deque<LabNode> nodes_;
  Bytes content_;
  std::optional<Cid> cid_;
  SequenceDiagram diagram_;
  Table knowledge_;
  std::array<std::vector<std::pair<std::size_t, std::uint64_t>>, kNames.size()> received_;
};

}  // namespace

Report run_basics(const ExperimentOptions& options) {
  return Basics(options.seed).run();
}

}  // namespace shoal::lab
