#include "node/running.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"

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

void read_line(std::string_view line, Running& out) {
  const auto space = line.find(' ');
  if (space == line.npos) return;
  const std::string_view word = line.substr(0, space);
  const std::string value(line.substr(space + 1));
  if (word == "peer") out.peer_id = value;
  if (word == "agent") out.agent = value;
  if (word == "address") out.addresses.push_back(Multiaddr::parse(value));
  if (word == "protocol") out.protocols.push_back(value);
  if (word == "share" || word == "get") {
    out.served.push_back({.kind = std::string(word), .link = service::Link::parse(value, true)});
  }
}

std::string to_text(const Running& running) {
  std::string out = "peer " + running.peer_id + "\nagent " + running.agent + "\n";
  for (const Multiaddr& address : running.addresses) out += "address " + address.to_string() + "\n";
  for (const std::string& protocol : running.protocols) out += "protocol " + protocol + "\n";
  return out;
}

}  // namespace

std::optional<Running> read_running(Storage& storage, const std::string& folder) {
  const std::string path = folder + kRunningFile;
  try {
    if (!storage.info(path)) return std::nullopt;
    const auto file = storage.open(path, Access::read);
    Bytes bytes(std::min<std::uint64_t>(file->info().size, kMaxFileBytes));
    bytes.resize(file->read_at(0, bytes));
    Running out;
    std::string_view text = as_text(bytes);
    while (!text.empty()) read_line(take_line(text), out);
    return out;
  } catch (const Error& error) {
    log_debug("{}: {}", path, error.what());
    return std::nullopt;
  }
}

RunningFile::RunningFile(Storage& storage, std::string folder)
    : storage_(storage), path_(std::move(folder) + kRunningFile) {}

RunningFile::~RunningFile() {
  try {
    storage_.remove(path_);
  } catch (const Error& error) {
    log_debug("{}", error.what());
  }
}

void RunningFile::describe(Running running) {
  running_ = std::move(running);
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

/// Under another name first: whoever reads finds all of it. A full disk is no reason not to serve.
void RunningFile::write() const {
  if (!running_) return;
  std::string text = to_text(*running_);
  for (const Entry* entry : entries_) {
    text += entry->served_.kind + " " + entry->served_.link.to_string() + "\n";
  }
  try {
    const std::string fresh = path_ + ".new";
    storage_.remove(fresh);
    storage_.open(fresh, Access::create_new)->write_at(0, as_bytes(text));
    storage_.rename(fresh, path_, true);
  } catch (const Error& error) {
    log_info("other commands cannot see what this node serves: {}", error.what());
  }
}

}  // namespace shoal::node
