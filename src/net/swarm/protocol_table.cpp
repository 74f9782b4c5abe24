#include "net/swarm/protocol_table.h"

#include <utility>

namespace shoal::net {

void ProtocolTable::add(const std::string& protocol, ProtocolHandler handler) {
  const bool fresh = handlers_.insert_or_assign(protocol, std::move(handler)).second;
  if (fresh && changed_) changed_();
}

void ProtocolTable::remove(const std::string& protocol) {
  const bool known = handlers_.erase(protocol) > 0;
  if (known && changed_) changed_();
}

const ProtocolHandler* ProtocolTable::find(const std::string& protocol) const {
  const auto found = handlers_.find(protocol);
  return found == handlers_.end() ? nullptr : &found->second;
}

std::vector<std::string> ProtocolTable::names() const {
  std::vector<std::string> out;
  out.reserve(handlers_.size());
  for (const auto& [name, handler] : handlers_) out.push_back(name);
  return out;
}

}  // namespace shoal::net
