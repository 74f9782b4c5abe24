#include "node/running.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "system/whole_file.h"

namespace shoal::node {

namespace {

constexpr const char* kRunningFile = "/running";
/// A node serves few things at a time; whoever reads this is not the one who wrote it.
constexpr std::size_t kMaxFileBytes = std::size_t{4} << 20;

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

constexpr char kBetweenFields = '\t';

std::string take_field(std::string_view& text) {
  const auto end = text.find(kBetweenFields);
  std::string field(text.substr(0, end));
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return field;
}

std::int64_t take_number(std::string_view& text) {
  const std::string field = take_field(text);
  std::int64_t out = 0;
  std::from_chars(field.data(), field.data() + field.size(), out);
  return out;
}

std::string peer_line(const Running::Peer& peer) {
  std::string reasons;
  for (const auto& reason : peer.kept_for) reasons += (reasons.empty() ? "" : ",") + reason;
  std::string agent = peer.agent;  // the last field, of the peer's own choice
  std::ranges::replace(agent, '\n', ' ');
  return fmt::format("connected {}\t{}\t{}\t{}\t{}\t{}\t{}\n", peer.id.to_string(),
                     peer.address.to_string(), peer.path, reasons, peer.round_trip_us, peer.since,
                     agent);
}

Running::Peer read_peer(std::string_view text) {
  const PeerId id = PeerId::parse(take_field(text));
  Running::Peer out{.id = id, .address = Multiaddr::parse(take_field(text)), .path = {}};
  out.path = take_field(text);
  const std::string reasons = take_field(text);
  for (std::size_t at = 0; at < reasons.size();) {
    const std::size_t end = std::min(reasons.find(',', at), reasons.size());
    out.kept_for.push_back(reasons.substr(at, end - at));
    at = end + 1;
  }
  out.round_trip_us = take_number(text);
  out.since = take_number(text);
  out.agent = std::string(text);
  return out;
}

Running::Topic read_topic(std::string_view text) {
  Running::Topic out;
  out.peers = static_cast<std::size_t>(take_number(text));
  out.joined = take_number(text) != 0;
  out.name = as_text(from_hex(text));
  return out;
}

Running::Traffic read_traffic(std::string_view text) {
  Running::Traffic out;
  const auto take = [&text] { return static_cast<std::uint64_t>(take_number(text)); };
  out.connections = take();
  out.in_bytes = take();
  out.out_bytes = take();
  out.in_rate = take();
  out.out_rate = take();
  return out;
}

void read_line(std::string_view line, Running& out) {
  const auto space = line.find(' ');
  if (space == line.npos) return;
  const std::string_view word = line.substr(0, space);
  const std::string value(line.substr(space + 1));
  if (word == "peer") out.peer_id = value;
  if (word == "agent") out.agent = value;
  if (word == "address") out.addresses.push_back(Multiaddr::parse(value));
  if (word == "protocol") out.protocols.push_back(value);
  if (word == "topic") out.topics.push_back(read_topic(value));
  if (word == "traffic") out.traffic = read_traffic(value);
  if (word == "connected") out.peers.push_back(read_peer(value));
  if (word == "share" || word == "get") {
    out.served.push_back({.kind = std::string(word), .link = service::Link::parse(value, true)});
  }
  if (word == "told" && !out.served.empty()) {
    std::string_view number = value;
    out.served.back().told_peers = static_cast<std::size_t>(take_number(number));
  }
}

std::string to_text(const Running& running) {
  std::string out = "peer " + running.peer_id + "\nagent " + running.agent + "\n";
  for (const Multiaddr& address : running.addresses) out += "address " + address.to_string() + "\n";
  for (const std::string& protocol : running.protocols) out += "protocol " + protocol + "\n";
  for (const Running::Peer& peer : running.peers) out += peer_line(peer);
  for (const Running::Topic& topic : running.topics) {
    out += fmt::format("topic {}\t{}\t{}\n", topic.peers, topic.joined ? 1 : 0,
                       to_hex(as_bytes(topic.name)));
  }
  const Running::Traffic& traffic = running.traffic;
  out += fmt::format("traffic {}\t{}\t{}\t{}\t{}\n", traffic.connections, traffic.in_bytes,
                     traffic.out_bytes, traffic.in_rate, traffic.out_rate);
  return out;
}

}  // namespace

std::optional<Running> read_running(Storage& storage, const std::string& folder) {
  const std::string path = folder + kRunningFile;
  try {
    const auto bytes = read_whole(storage, path, kMaxFileBytes);
    if (!bytes) return std::nullopt;
    Running out;
    std::string_view text = as_text(*bytes);
    while (!text.empty()) read_line(take_line(text), out);
    return out;
  } catch (const Error& error) {
    log_debug("{}: {}", path, error.what());
    return std::nullopt;
  }
}

RunningFile::RunningFile(Storage& storage, std::string folder)
    : storage_(storage), path_(folder.empty() ? folder : folder + kRunningFile) {}

RunningFile::~RunningFile() {
  if (!is_written()) return;
  try {
    storage_.remove(path_);
  } catch (const Error& error) {
    log_debug("{}", error.what());
  }
}

void RunningFile::describe(Running running) {
  if (running_) running.peers = std::move(running_->peers);
  if (running_) running.topics = std::move(running_->topics);
  if (running_) running.traffic = running_->traffic;
  running_ = std::move(running);
  write();
}

void RunningFile::set_lists(std::vector<Running::Peer> peers, std::vector<Running::Topic> topics,
                            const Running::Traffic& traffic) {
  const bool same = running_ && running_->peers == peers && running_->topics == topics &&
                    running_->traffic == traffic;
  if (!running_ || same) return;
  running_->traffic = traffic;
  running_->peers = std::move(peers);
  running_->topics = std::move(topics);
  write();
}

std::unique_ptr<RunningFile::Entry> RunningFile::add(Running::Served served) {
  std::unique_ptr<Entry> entry(new Entry(*this, std::move(served)));
  entry->place_ = entries_.insert(entries_.end(), entry.get());
  write();
  return entry;
}

RunningFile::Entry::~Entry() {
  file_.entries_.erase(place_);
  file_.write();
}

void RunningFile::Entry::set_told_peers(std::size_t peers) {
  served_.told_peers = peers;
  file_.write();
}

/// A full disk is no reason not to serve.
void RunningFile::write() const {
  if (!running_ || !is_written()) return;
  std::string text = to_text(*running_);
  for (const Entry* entry : entries_) {
    const Running::Served& served = entry->served_;
    text += fmt::format("{} {}\n", served.kind, served.link.to_string());
    if (served.told_peers > 0) text += fmt::format("told {}\n", served.told_peers);
  }
  try {
    replace_whole(storage_, path_, as_bytes(text));
  } catch (const Error& error) {
    log_info("other commands cannot see what this node serves: {}", error.what());
  }
}

}  // namespace shoal::node
