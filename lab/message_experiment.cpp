#include "lab/message_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"
#include "lab/talk_net.h"
#include "service/tunnel_connector.h"
#include "service/tunnel_exposer.h"
#include "system/stream_pair.h"

namespace shoal::lab {

namespace {

constexpr const char* kTake = "/lab/take/1.0.0";
constexpr const char* kAnswer = "/lab/answer/1.0.0";
constexpr std::size_t kTunnelBytes = 300'000;
constexpr std::size_t kRequestBytes = 100;
constexpr int kRequests = 20;
constexpr int kTopicMessages = 10;
constexpr std::size_t kTopicBytes = 4'000;

Task<void> send_all(net::Swarm& swarm, PeerId to, std::string protocol, std::size_t count) {
  net::ProtocolStream opened = co_await swarm.open(to, {protocol});
  const Bytes bytes(count, 'x');
  co_await write_all(*opened.stream, bytes);
  co_await opened.stream->close_write();
  Bytes end(1);
  co_await opened.stream->read_some(end);  // closed by the other side when it has all
}

Task<void> take_all(net::ProtocolStream opened) {
  Bytes buffer(64 * 1024);
  while (co_await opened.stream->read_some(buffer) > 0) {
  }
  co_await opened.stream->close_write();
}

/// Until the other side has closed its half, too: who drops a stream before resets it.
Task<void> read_to_end(Stream& stream) {
  Bytes rest(1024);
  while (co_await stream.read_some(rest) > 0) {
  }
}

Task<void> answer(net::ProtocolStream opened) {
  Bytes request(kRequestBytes);
  co_await read_exactly(*opened.stream, request);
  co_await write_all(*opened.stream, request);
  co_await opened.stream->close_write();
  co_await read_to_end(*opened.stream);
}

Task<void> ask(net::Swarm& swarm, PeerId whom) {
  net::ProtocolStream opened = co_await swarm.open(whom, {kAnswer});
  Bytes request(kRequestBytes, '?');
  co_await write_all(*opened.stream, request);
  co_await opened.stream->close_write();
  co_await read_exactly(*opened.stream, request);
  co_await read_to_end(*opened.stream);
}

/// What a service behind a tunnel does.
Task<void> give(std::unique_ptr<Stream> stream) {
  const Bytes bytes(kTunnelBytes, 'y');
  co_await write_all(*stream, bytes);
  co_await stream->close_write();
  co_await read_to_end(*stream);
}

Task<void> read_all(Stream& stream, std::size_t& got) {
  co_await stream.close_write();
  Bytes buffer(64 * 1024);
  while (const std::size_t count = co_await stream.read_some(buffer)) got += count;
}

/// One way of talking, and what each node sent for it.
struct Part {
  std::string name;
  std::vector<double> sent;

  double all() const { return std::accumulate(sent.begin(), sent.end(), 0.0); }
  /// Of all that was sent, what `ends` did not send: 0 to 1.
  double by_others(const std::vector<std::size_t>& ends) const {
    double theirs = 0;
    for (const std::size_t end : ends) theirs += sent[end];
    return all() > 0 ? 1 - theirs / all() : 0;
  }
};

service::TunnelTicket ticket_of(node::Node& server, const Bytes& secret) {
  service::TunnelTicket out{.peer = server.id(), .name = "lab", .secret = secret};
  for (const Multiaddr& address : server.addresses()) {
    out.addresses.push_back(address.without_peer());
  }
  return out;
}

/// Both ends of a tunnel.
struct Ends {
  Ends(TalkNet& its_net, node::Node& client, node::Node& server)
      : net(its_net),
        tasks(its_net.world().waits(), "tunnel"),
        exposer(server.system(), server.swarm()),
        connector(client.system(), client.swarm(), client.routing(), ticket_of(server, secret),
                  {}) {
    exposer.add({.name = "lab",
                 .handler =
                     [this](const PeerId&, std::unique_ptr<Stream> stream) {
                       tasks.spawn(give(std::move(stream)));
                     },
                 .secret = secret});
  }
  ~Ends() {
    net.world().run(tasks.stop());
    net.world().run(connector.stop());
    net.world().run(exposer.stop());
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;

  TalkNet& net;
  TaskGroup tasks;
  const Bytes secret = Bytes(service::TunnelTicket::kSecretBytes, 7);
  service::TunnelExposer exposer;
  service::TunnelConnector connector;
};

/// All of it, one after the other in one network.
class Talk {
 public:
  explicit Talk(const ExperimentOptions& options) : net_(options.seed, options.nodes) {
    for (std::size_t i = 0; i < net_.size(); ++i) {
      net_.node(i).swarm().protocols().add(kTake, take_all);
      net_.node(i).swarm().protocols().add(kAnswer, answer);
    }
    net_.world().run_for(20s);
  }
  Part stream(std::size_t bytes) {
    begin();
    net_.world().run(send_all(net_.node(1).swarm(), net_.id(2), kTake, bytes));
    return end("a stream");
  }

  /// Round trips of the first request, to a peer that is not connected, and of those after it.
  std::pair<double, double> requests() {
    net::Swarm& swarm = net_.node(2).swarm();
    const PeerId other = net_.id(3);
    const Multiaddr address = net_.node(3).addresses().front();
    swarm.disconnect(other);
    net_.world().run_for(1s);
    swarm.peers().add_address(other, address.without_peer(), net::AddressSource::given_by_user, 1h);
    const bool was_gone = swarm.best(other) == nullptr;
    const double trip = seconds_of(net_.round_trip(2, 3));
    const double first = timed(swarm, other) / trip;
    double rest = 0;
    for (int i = 0; i < kRequests; ++i) rest += timed(swarm, other) / trip;
    return {was_gone ? first : 0, rest / kRequests};
  }

  /// By its mesh, and the share of nodes that each message reached.
  Part topic(double& delivered) {
    for (std::size_t i = 0; i < net_.size(); ++i) {
      topics_.push_back(net_.node(i).topics().open("lab"));
    }
    net_.world().run_for(20s);
    begin();
    for (int i = 0; i < kTopicMessages; ++i) {
      net_.world().run(publish(*topics_[1], i));
      net_.world().run_for(1s);
    }
    net_.world().run_for(5s);
    std::size_t got = 0;
    for (std::size_t i = 0; i < topics_.size(); ++i) {
      while (i != 1 && topics_[i]->try_next()) ++got;
    }
    delivered =
        static_cast<double>(got) / static_cast<double>(kTopicMessages * (topics_.size() - 1));
    return end("a topic");
  }

  /// The same messages, by streams from their author to everybody.
  Part one_by_one() {
    begin();
    for (int i = 0; i < kTopicMessages; ++i) {
      for (std::size_t to = 0; to < net_.size(); ++to) {
        if (to == 1 || to + TalkNet::kHidden >= net_.size()) continue;
        net_.world().run(send_all(net_.node(1).swarm(), net_.id(to), kTake, kTopicBytes));
      }
      net_.world().run_for(1s);
    }
    net_.world().run_for(5s);
    return end("one by one");
  }

  /// From `from` to a service of `to`.
  Part tunnel(std::string name, std::size_t from, std::size_t to, bool& complete) {
    Ends ends(net_, net_.node(from), net_.node(to));
    net_.world().run(ends.connector.connect());
    begin();
    auto [near_end, far_end] = make_stream_pair(net_.node(from).system().waits);
    ends.tasks.spawn(ends.connector.carry(std::move(far_end)));
    std::size_t got = 0;
    net_.world().run(read_all(*near_end, got));
    complete = got == kTunnelBytes;
    return end(std::move(name));
  }

  std::uint64_t trace_hash() { return net_.world().trace_hash(); }

 private:
  void begin() { net_.take_sent(); }
  Part end(std::string name) { return {std::move(name), net_.take_sent()}; }

  double timed(net::Swarm& swarm, const PeerId& whom) {
    const TimePoint began = net_.world().now();
    net_.world().run(ask(swarm, whom));
    return seconds_of(net_.world().now() - began);
  }

  static Task<void> publish(service::Topic& topic, int number) {
    Bytes data(kTopicBytes, '.');
    data.front() = static_cast<std::uint8_t>(number);
    co_await topic.publish(std::move(data));
  }

  TalkNet net_;
  std::vector<std::unique_ptr<service::Topic>> topics_;
};

Section carried_section(const std::vector<Part>& parts, std::size_t nodes) {
  Table table{.headings = {"node"}, .rows = {}};
  BarChart chart{.title = "Who sent how much", .y_label = "KB", .groups = {}, .series = {}};
  for (const Part& part : parts) table.headings.push_back(part.name + ", KB");
  const auto name_of = [nodes](std::size_t i) {
    if (i == 0) return std::string("relay");
    if (i + TalkNet::kHidden >= nodes) return fmt::format("{}, hidden", i);
    return std::to_string(i);
  };
  for (std::size_t i = 0; i < nodes; ++i) {
    std::vector<std::string> row = {name_of(i)};
    for (const Part& part : parts) row.push_back(number_text(part.sent[i] / 1000));
    table.rows.push_back(std::move(row));
  }
  const std::size_t last = nodes - 1;
  BarChart::Bars author{.name = "who speaks", .values = {}};
  BarChart::Bars other{.name = "the other end", .values = {}};
  BarChart::Bars relay{.name = "the relay", .values = {}};
  BarChart::Bars rest{.name = "all others together", .values = {}};
  const auto add = [&](const Part& part, std::size_t from, std::size_t to) {
    chart.groups.push_back(part.name);
    author.values.push_back(part.sent[from] / 1000);
    other.values.push_back(part.sent[to] / 1000);
    relay.values.push_back(part.sent[0] / 1000);
    rest.values.push_back((part.all() - part.sent[from] - part.sent[to] - part.sent[0]) / 1000);
  };
  add(parts[0], 1, 2);
  add(parts[1], 1, 2);
  add(parts[2], 1, 2);
  add(parts[3], 4, 3);
  add(parts[4], last, last - 1);
  chart.series = {author, other, relay, rest};
  return {.heading = "Who carried which bytes",
          .svg = to_svg(chart),
          .text =
              "Bytes on the lines, with encryption and headers, and with what nodes say to "
              "each other all the time. A stream concerns its two ends. What is said in a "
              "topic is passed on by those who hear it. Two nodes behind routers that nobody "
              "gets through need a third one, which carries what it cannot read.",
          .table = std::move(table)};
}

}  // namespace

Report run_message(const ExperimentOptions& options) {
  Report report;
  Talk talk(options);
  const Part stream = talk.stream(static_cast<std::size_t>(options.file_bytes));

  const auto [first, rest] = talk.requests();
  double delivered = 0;
  const Part topic = talk.topic(delivered);

  const Part singly = talk.one_by_one();

  bool open_complete = false;
  bool hidden_complete = false;
  const std::size_t last = options.nodes - 1;
  const Part open = talk.tunnel("a tunnel", 3, 4, open_complete);

  const Part hidden = talk.tunnel("tunnel, hidden", last - 1, last, hidden_complete);
  report.trace_hash = talk.trace_hash();

  constexpr double kTopicAll = kTopicMessages * static_cast<double>(kTopicBytes);
  const double by_author = topic.sent[1] / kTopicAll;
  const double by_relay = hidden.sent[0] / kTunnelBytes;
  report.add("stream_sent_by_others", 100 * stream.by_others({1, 2}), "%");
  report.add("first_request", first, "round trips");
  report.add("further_requests", rest, "round trips");
  report.add("topic_delivered", 100 * delivered, "%");
  report.add("topic_copies_sent_by_author", by_author, "");
  report.add("topic_sent_by_others", 100 * topic.by_others({1}), "%");
  report.add("singly_copies_sent_by_author", singly.sent[1] / kTopicAll, "");
  report.add("tunnel_sent_by_relay", open.sent[0] / kTunnelBytes, "times the bytes");
  report.add("hidden_tunnel_sent_by_relay", by_relay, "times the bytes");
  const double passed_on = topic.by_others({1});
  report.claim = fmt::format(
      "Of what a stream moved, others than its ends sent {} %. A request takes {} round trips, the "
      "first with its connection {}. A message in a topic of {} reached all, and {} % of the bytes "
      "for it were sent by others than its author. A relay carried a tunnel between two hidden "
      "nodes, and nothing of one between others.",
      number_text(100 * stream.by_others({1, 2})), number_text(rest), number_text(first),
      options.nodes, number_text(100 * passed_on));
  report.held = stream.by_others({1, 2}) < 0.05 && rest <= 1.1 && first > rest && delivered == 1 &&
                passed_on >= 0.3 && open_complete && hidden_complete && by_relay >= 1 &&
                open.sent[0] < 0.1 * kTunnelBytes;
  report.sections = {
      carried_section({stream, topic, singly, open, hidden}, options.nodes),
      {.heading = "Round trips",
       .text = fmt::format("A request and its answer take {} round trips on a connection that is "
                           "there. The first one took {}: TCP's handshake, the encryption's, and "
                           "agreeing on protocols come before it.",
                           number_text(rest), number_text(first))}};
  return report;
}

}  // namespace shoal::lab
