#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "base/base_n.h"
#include "base/display_text.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/peer_name.h"
#include "cli/standard_input.h"
#include "cli/units.h"
#include "protocol/kad/validator.h"
#include "system/timeout.h"

namespace shoal::cli {

namespace {

/// Peers that must agree on a value.
constexpr std::size_t kQuorum = 3;

/// What a key of the command line is on the wire: a peer id, the multihash of a CID, or as it is.
Bytes wire_key(const std::string& text) {
  if (text.starts_with('/') && !text.starts_with("/ipfs/")) {
    // The multihash in a key is binary; people write the id.
    const auto slash = text.find('/', 1);
    if (slash == text.npos || slash + 1 == text.size()) {
      throw Error(ErrorCode::usage, "not a key of the DHT", text, "keys look like /pk/PEER-ID");
    }
    Bytes out = to_bytes(std::string_view(text).substr(0, slash + 1));
    append(out, PeerId::parse(text.substr(slash + 1)).encoded());
    return out;
  }
  try {
    return to_bytes(PeerId::parse(text).encoded());
  } catch (const Error&) {
    return to_bytes(service::Link::parse(text, true).cid.hash().encoded());
  }
}

Bytes decode_value(const std::string& text) {
  try {
    return decode_base(Base::base64_pad, text);
  } catch (const Error& error) {
    throw Error(ErrorCode::usage, "the value is not base64: " + error.message(), text);
  }
}

/// What all of `shoal dht` do first.
class DhtCommand : public Command {
 public:
  Task<void> run(Session& session) override {
    session_ = &session;
    node::Node& node = session.start_node();
    routing::DhtNetwork* network = node.dht();
    if (network == nullptr) {
      throw Error(ErrorCode::usage, "this node is in no DHT", {},
                  "--bootstrap ADDRESS names a peer of one; --public is in the public one");
    }
    Task<void> working = work(*network);
    if (const auto limit = session.options().timeout) {
      co_await within(session.system().clock, *limit, std::move(working), "asking the DHT");
    } else {
      co_await std::move(working);
    }
  }

 protected:
  virtual Task<void> work(routing::DhtNetwork& network) = 0;
  Session& session() { return *session_; }
  Output& output() { return session_->output(); }

 private:
  Session* session_ = nullptr;
};

[[noreturn]] void nobody_to_ask() {
  throw Error(ErrorCode::unreachable, "no peer of the DHT answered", {},
              "--bootstrap ADDRESS names a peer of one");
}

class LookupCommand final : public DhtCommand {
 public:
  explicit LookupCommand(const std::string& key) : key_(wire_key(key)) {}

 private:
  Task<void> work(routing::DhtNetwork& network) override {
    output().result("ROUND  DISTANCE  RTT        CLOSER  PEER");
    const auto hop = [this](const kad::Hop& one) { tell(one); };
    const kad::Closest found = co_await network.dht().find_closest(key_, hop);
    if (found.peers.empty()) nobody_to_ask();
    boost::json::array peers;
    for (const PeerId& peer : found.peers) {
      if (peers.size() < kad::kReplication) peers.emplace_back(peer.to_string());
    }
    output().note(fmt::format("{} asked, {:.3f} s; the closest are:", found.hops.size(),
                              to_seconds(found.took)));
    for (const auto& peer : peers) output().result(std::string(peer.as_string()));
    output().event({{"event", "closest"},
                    {"peers", std::move(peers)},
                    {"hops", found.hops.size()},
                    {"seconds", to_seconds(found.took)}});
  }

  static std::size_t bits_of(const kad::Hop& hop) {
    return kad::Key::kBits - hop.distance.common_prefix(kad::Key::at({}));
  }

  void tell(const kad::Hop& hop) {
    const bool answered = hop.outcome == kad::Hop::Outcome::answered;
    output().event({{"event", "hop"},
                    {"round", hop.round},
                    {"asked", hop.peer.to_string()},
                    {"distance_bits", bits_of(hop)},
                    {"rtt", answered ? boost::json::value(to_seconds(hop.round_trip)) : nullptr},
                    {"closer", hop.named}});
    const std::string time =
        answered ? fmt::format("{:.1f} ms", to_seconds(hop.round_trip) * 1e3) : "no answer";
    output().result(fmt::format("{:>5}  {:>8}  {:>9}  {:>6}  {}", hop.round, bits_of(hop), time,
                                hop.named, short_name(hop.peer)));
  }

  const Bytes key_;
};

class GetValueCommand final : public DhtCommand {
 public:
  explicit GetValueCommand(std::string key) : name_(std::move(key)), key_(wire_key(name_)) {}

 private:
  Task<void> work(routing::DhtNetwork& network) override {
    const kad::FoundValue found = co_await network.dht().get_value(key_, kQuorum);
    if (!found.value) throw Error(ErrorCode::not_found, "no peer has a value for this key", name_);
    output().event({{"event", "value"},
                    {"key", name_},
                    {"value", encode_base(Base::base64_pad, *found.value)},
                    {"holders", found.holders}});
    output().result_bytes(*found.value);
  }

  const std::string name_;
  const Bytes key_;
};

class PutValueCommand final : public DhtCommand {
 public:
  /// An empty value is read from standard input.
  PutValueCommand(std::string key, const std::string& value)
      : name_(std::move(key)), key_(wire_key(name_)), value_(decode_value(value)) {}

 private:
  Task<void> work(routing::DhtNetwork& network) override {
    if (value_.empty()) co_await read_value();
    const std::size_t peers = co_await network.dht().put_value(key_, value_);
    if (peers == 0) nobody_to_ask();
    co_await network.settle();
    output().event({{"event", "stored"}, {"key", name_}, {"peers", peers}});
    output().result(fmt::format("stored by {} peers", peers));
  }

  Task<void> read_value() {
    std::uint64_t bytes = 0;
    const auto take = [this](ByteView piece) {
      if (value_.size() + piece.size() > kad::Record::kMaxValueBytes) {
        throw Error(ErrorCode::limit, "a value has at most 10 KiB", name_);
      }
      append(value_, piece);
    };
    co_await read_standard_input(session().system(), take, bytes);
  }

  const std::string name_;
  const Bytes key_;
  Bytes value_;
};

class TableCommand final : public DhtCommand {
 private:
  Task<void> work(routing::DhtNetwork& network) override {
    co_await network.dht().wait_until_ready();
    output().result("BUCKET  RTT        PEER                 AGENT");
    auto& swarm = session().open_node().swarm();
    const auto& table = network.dht().table();
    for (const auto& entry : table.all()) {
      boost::json::array addresses;
      for (const Multiaddr& one : swarm.peers().addresses(entry.id)) {
        addresses.emplace_back(one.to_string());
      }
      const std::string agent = swarm.peers().agent(entry.id);
      const std::size_t bucket = table.self().common_prefix(entry.key);
      output().event({{"event", "entry"},
                      {"peer_id", entry.id.to_string()},
                      {"bucket", bucket},
                      {"addresses", std::move(addresses)},
                      {"agent", agent}});
      const bool measured = entry.round_trip > Duration::zero();
      const std::string round_trip =
          measured ? fmt::format("{:.1f} ms", to_seconds(entry.round_trip) * 1e3) : "-";
      output().result(fmt::format("{:>6}  {:>9}  {:<19}  {}", bucket, round_trip,
                                  short_name(entry.id), for_terminal(agent)));
    }
    output().note(fmt::format("{} {}", table.size(), table.size() == 1 ? "peer" : "peers"));
  }
};

}  // namespace

std::unique_ptr<Command> make_dht(const std::string& action, const std::string& key,
                                  const std::string& value) {
  const auto needs = [&](bool key_given, bool value_given) {
    if (key.empty() != key_given && value.empty() != value_given) return;
    throw Error(ErrorCode::usage,
                "dht " + action + " takes " +
                    (value_given ? "KEY VALUE"
                     : key_given ? "KEY"
                                 : "nothing more"),
                {}, "`shoal dht --help` shows how, with examples");
  };
  if (action == "lookup") {
    needs(true, false);
    return std::make_unique<LookupCommand>(key);
  }
  if (action == "get") {
    needs(true, false);
    return std::make_unique<GetValueCommand>(key);
  }
  if (action == "put") {
    needs(true, !value.empty());
    return std::make_unique<PutValueCommand>(key, value);
  }
  if (action == "table") {
    needs(false, false);
    return std::make_unique<TableCommand>();
  }
  throw Error(ErrorCode::usage, "dht has no action '" + action + "'", {},
              "it is lookup, get, put or table");
}

}  // namespace shoal::cli
