#include "protocol/kad/serve.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "net/framing.h"
#include "system/timeout.h"

namespace shoal::kad {
namespace {

using StreamCounts = std::map<PeerId, std::size_t>;

struct ServeContext {
  System& system;
  net::Swarm& swarm;
  Server& server;
  std::shared_ptr<StreamCounts> streams;
};

/// Counts a stream of `peer` for its life. Throws Error{limit} beyond kMaxStreamsPerPeer.
class CountedStream {
 public:
  CountedStream(std::shared_ptr<StreamCounts> counts, const PeerId& peer)
      : counts_(std::move(counts)), peer_(peer) {
    std::size_t& count = (*counts_)[peer_];
    if (count >= kMaxStreamsPerPeer) {
      throw Error(ErrorCode::limit, "too many streams to the DHT", peer.to_string());
    }
    ++count;
  }
  ~CountedStream() {
    const auto found = counts_->find(peer_);
    if (--found->second == 0) counts_->erase(found);
  }
  CountedStream(const CountedStream&) = delete;
  CountedStream& operator=(const CountedStream&) = delete;

 private:
  std::shared_ptr<StreamCounts> counts_;
  PeerId peer_;
};

Multiaddr remote_of(ServeContext& context, const net::ProtocolStream& stream) {
  const net::Connection* connection = context.swarm.find(stream.connection);
  return connection == nullptr ? Multiaddr() : connection->remote();
}

/// False at the end of the stream.
Task<bool> answer_next(ServeContext& context, net::ProtocolStream& stream) {
  Clock& clock = context.system.clock;
  const std::optional<Bytes> bytes =
      co_await within(clock, kIdleTimeout, net::read_message(*stream.stream, Message::kMaxBytes),
                      "a request to the DHT");
  if (!bytes) co_return false;
  const Message request = Message::decode(*bytes);
  const Duration wait = context.server.admit(stream.peer, clock.now());
  if (wait > Duration{}) co_await clock.sleep_for(wait);
  const std::optional<Message> answer =
      context.server.answer(request, stream.peer, remote_of(context, stream), clock.now());
  if (!answer) co_return true;
  const Bytes out = answer->encode();
  co_await within(clock, kIdleTimeout, net::write_message(*stream.stream, out),
                  "an answer of the DHT to be read");
  co_return true;
}

Task<void> answer_requests(ServeContext context, net::ProtocolStream stream) {
  const CountedStream counted(context.streams, stream.peer);
  bool open = true;
  while (open) open = co_await answer_next(context, stream);
  co_await stream.stream->close_write();
}

}  // namespace

void serve(System& system, net::Swarm& swarm, Server& server, const std::string& protocol) {
  const ServeContext context{system, swarm, server, std::make_shared<StreamCounts>()};
  swarm.protocols().add(
      protocol,
      [context](net::ProtocolStream stream) { return answer_requests(context, std::move(stream)); },
      net::Replay::harmless);
}

}  // namespace shoal::kad
