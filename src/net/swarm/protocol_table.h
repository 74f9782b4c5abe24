#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "format/peer_id.h"
#include "system/network.h"
#include "system/task.h"

namespace shoal::net {

/// Names a connection for the life of a node; never used again.
using ConnectionId = std::uint64_t;

/// A stream that speaks an agreed protocol.
struct ProtocolStream {
  std::unique_ptr<Stream> stream;
  std::string protocol;
  PeerId peer;
  ConnectionId connection;
};

/// Serves one stream. Ends with the stream; an Error that leaves it resets the stream and nothing
/// else.
using ProtocolHandler = std::function<Task<void>(ProtocolStream)>;

/// Which protocols this node answers. Small and changed seldom.
class ProtocolTable {
 public:
  void add(const std::string& protocol, ProtocolHandler handler);
  void remove(const std::string& protocol);

  /// Called after the names have changed. One listener; empty for none.
  void when_changed(std::function<void()> callback) { changed_ = std::move(callback); }

  const ProtocolHandler* find(const std::string& protocol) const;
  /// In order of their names.
  std::vector<std::string> names() const;

 private:
  std::map<std::string, ProtocolHandler> handlers_;
  std::function<void()> changed_;
};

}  // namespace shoal::net
