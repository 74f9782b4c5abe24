#pragma once

#include <shoal/stream.h>

#include <memory>
#include <optional>
#include <string>

#include "library/loop.h"
#include "net/resources/ingress_limiter.h"
#include "net/swarm/protocol_table.h"

namespace shoal::library {

class StreamCore;

/// The streams that users of a node hold. The node ends its connections only when nobody holds one
/// of theirs, so it takes them all back when it stops.
class OpenStreams {
 public:
  ~OpenStreams();
  void add(StreamCore& stream);
  void remove(StreamCore& stream);
  /// Nobody may be waiting for one of them.
  void take_all_back();

 private:
  StreamCore* first_ = nullptr;
};

/// What a PeerStream stands for. Used on the loop only, but for what never changes.
class StreamCore {
 public:
  /// On the loop; whoever is the last to let go of it does so anywhere.
  static std::shared_ptr<StreamCore> make(std::shared_ptr<Loop> loop, OpenStreams& open,
                                          net::ProtocolStream stream,
                                          net::IngressLimiter::Solicited expected);
  StreamCore(const StreamCore&) = delete;
  StreamCore& operator=(const StreamCore&) = delete;

  Loop& loop() { return *loop_; }
  const std::string& peer_id() const { return peer_id_; }
  const std::string& protocol() const { return protocol_; }

  Task<std::size_t> read_some(MutableBytes into);
  Task<void> read_exactly(MutableBytes into);
  Task<std::optional<Bytes>> read_message(std::size_t max_bytes);
  Task<void> write(ByteView bytes);
  Task<void> write_message(ByteView message);
  Task<void> close();
  void reset() noexcept;

  /// Its user has let go of it, perhaps on another thread.
  static void release(std::shared_ptr<StreamCore> stream) noexcept;

 private:
  friend class OpenStreams;
  class Busy;

  StreamCore(std::shared_ptr<Loop> loop, OpenStreams& open, net::ProtocolStream stream,
             net::IngressLimiter::Solicited expected);
  ~StreamCore();
  Stream& stream();
  void take_back();

  const std::shared_ptr<Loop> loop_;
  const std::string peer_id_;
  const std::string protocol_;
  OpenStreams* open_;
  StreamCore* previous_ = nullptr;
  StreamCore* next_ = nullptr;
  std::unique_ptr<Stream> stream_;
  net::IngressLimiter::Solicited expected_;  // the program reads as it likes
  bool reading_ = false;
  bool writing_ = false;
};

}  // namespace shoal::library
