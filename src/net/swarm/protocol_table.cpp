#include "net/swarm/protocol_table.h"

#include <utility>

namespace shoal::net {

void ProtocolTable::add(const std::string& protocol, ProtocolHandler handler, Replay replay) {
  const bool fresh = entries_.insert_or_assign(protocol, Entry{std::move(handler), replay}).second;
  if (fresh && changed_) changed_();
}

void ProtocolTable::remove(const std::string& protocol) {
  const bool known = entries_.erase(protocol) > 0;
  if (known && changed_) changed_();
}

const ProtocolTable::Entry* ProtocolTable::find(const std::string& protocol) const {
  const auto found = entries_.find(protocol);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<std::string> ProtocolTable::names() const {
  std::vector<std::string> out;
  out.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) out.push_back(name);
  return out;
}

}  // namespace shoal::net
