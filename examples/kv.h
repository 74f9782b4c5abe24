// A replicated map: every node has all of it and writes when it likes. Changes spread by gossip;
// what a node missed while it was apart it gets by comparing with one of the others now and then.
// Of two writes to a key the last one stays, everywhere. Its nodes trust each other.
#pragma once
#include <shoal/shoal.h>
#include <map>

class Kv {
 public:
  struct Entry {
    std::uint64_t time = 0;  // counts writes: greater than that of every entry its author knew
    std::string author;
    std::string value;
    auto operator<=>(const Entry&) const = default;
  };

  /// The node must stop before this is destroyed. Without comparing, what was missed stays missed.
  Kv(shoal::Node& node, const std::string& name, bool compares = true)
      : node_(node), protocol_("/example/kv/1/" + name), topic_(node.join("example-kv/" + name)) {
    node_.respond(protocol_, [this](shoal::Request request) { return swap(std::move(request)); });
    node_.spawn(listen());
    if (compares) node_.spawn(compare());
  }

  shoal::Async<void> set(std::string key, std::string value) {
    entries_[key] = {++time_, node_.peer_id(), std::move(value)};
    return topic_.publish(encode({{key, entries_[key]}}));
  }
  const std::map<std::string, Entry>& entries() const { return entries_; }

 private:
  static std::string encode(const std::map<std::string, Entry>& entries) {
    std::string out;
    for (const auto& [key, entry] : entries) {
      out +=
          key + '\0' + std::to_string(entry.time) + '\0' + entry.author + '\0' + entry.value + '\0';
    }
    return out;
  }
  void merge(std::string_view text) {
    const auto field = [&text] {
      const std::string out(text.substr(0, text.find('\0')));
      text.remove_prefix(std::min(text.size(), out.size() + 1));
      return out;
    };
    while (!text.empty()) {
      const std::string key = field();
      const Entry theirs{std::strtoull(field().c_str(), nullptr, 10), field(), field()};
      time_ = std::max(time_, theirs.time);
      entries_[key] = std::max(entries_[key], theirs);
    }
  }
  shoal::Async<shoal::ByteVector> swap(shoal::Request request) {
    merge(shoal::text_of(request.message));
    const std::string mine = encode(entries_);
    co_return shoal::ByteVector(shoal::bytes_of(mine).begin(), shoal::bytes_of(mine).end());
  }
  shoal::Async<void> listen() {
    while (const auto message = co_await topic_.next()) merge(shoal::text_of(message->data));
  }
  shoal::Async<void> compare() {
    for (std::size_t turn = 0;; ++turn) {
      co_await shoal::sleep_for(std::chrono::seconds(2));
      const std::vector<std::string> peers = topic_.peers();
      if (peers.empty()) continue;
      try {
        const std::string& peer = peers[turn % peers.size()];
        merge(shoal::text_of(co_await node_.request(peer, protocol_, encode(entries_))));
      } catch (const shoal::Error&) {  // the next one may answer
      }
    }
  }

  shoal::Node& node_;
  const std::string protocol_;
  std::map<std::string, Entry> entries_;
  std::uint64_t time_ = 0;
  shoal::Topic topic_;
};
