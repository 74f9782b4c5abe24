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

/// Whether a protocol may be spoken before the peer has shown that it is there now: when to serve
/// the same stream twice, on somebody else's behest, does no harm.
enum class Replay : std::uint8_t { harmful, harmless };

/// Which protocols this node answers. Small and changed seldom.
class ProtocolTable {
 public:
  void add(const std::string& protocol, ProtocolHandler handler, Replay replay = Replay::harmful);
  void remove(const std::string& protocol);

  /// Called after the names have changed. One listener; empty for none.
  void when_changed(std::function<void()> callback) { changed_ = std::move(callback); }

  struct Entry {
    ProtocolHandler handler;
    Replay replay = Replay::harmful;
  };
  const Entry* find(const std::string& protocol) const;
  /// In order of their names.
  std::vector<std::string> names() const;

 private:
  std::map<std::string, Entry> entries_;
  std::function<void()> changed_;
};

}  // namespace shoal::net
