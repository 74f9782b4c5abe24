#include "net/swarm/connection.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "net/negotiation/negotiate.h"
#include "system/timeout.h"

namespace shoal::net {

namespace {

constexpr Duration kNegotiationTimeout = 10s;
constexpr Duration kShutdownTimeout = 1s;
constexpr Duration kShutdownLook = 50ms;

}  // namespace

/// Counts a stream while it is served.
class Connection::Served {
 public:
  explicit Served(Connection& connection) : connection_(connection) {
    ++connection_.served_streams_;
    ++connection_.context_.served_streams;
  }
  ~Served() {
    connection_.last_used_ = connection_.system_.clock.now();
    --connection_.served_streams_;
    --connection_.context_.served_streams;
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

 private:
  Connection& connection_;
};

/// Listed while it lasts, so that one task watches over all of a connection: a timer for each would
/// cost more than all the rest of a stream.
struct Connection::Negotiation {
  Negotiation(Connection& its_connection, Stream& its_stream, TimePoint ends)
      : connection(its_connection),
        stream(its_stream),
        deadline(ends),
        place(connection.negotiations_.insert(connection.negotiations_.end(), this)) {}
  ~Negotiation() {
    if (!late) connection.negotiations_.erase(place);
  }
  Negotiation(const Negotiation&) = delete;
  Negotiation& operator=(const Negotiation&) = delete;

  Connection& connection;
  Stream& stream;
  const TimePoint deadline;
  bool late = false;
  const std::list<Negotiation*>::iterator place;
};

Connection::Connection(System& system, ConnectionContext& context, ConnectionId id, Link link,
                       Direction direction)
    : system_(system),
      context_(context),
      id_(id),
      read_limiter_(context.ingress.payer(link.peer)),
      link_(std::move(link)),
      path_(path_of(link_.remote)),
      direction_(direction),
      opened_at_(system.clock.now()),
      last_used_(opened_at_),
      tasks_(system.waits, "connection to " + link_.peer.short_name()) {
  link_.muxer->limit_reading(*read_limiter_);
}

ConnectionUse Connection::use() const {
  const std::size_t all = stream_count();
  return {.opened_at = opened_at_,
          .last_used = last_used_,
          .last_transfer = last_transfer_,
          .own_streams = all - std::min(all, served_streams_),
          .served_streams = served_streams_,
          .streams_in_order = streams_in_order_};
}

Task<ProtocolStream> Connection::open(std::span<const std::string> protocols) {
  SHOAL_CHECK(!protocols.empty());
  last_used_ = system_.clock.now();
  if (system_.faults.fires("net.open_stream")) {
    throw Error(ErrorCode::closed, "the stream could not be opened", peer().to_string());
  }
  if (link_.muxer->must_wait_to_open()) {
    const auto held = link_.muxer->hold();  // this connection, too, lives as long
    co_await within(system_.clock, kNegotiationTimeout, link_.muxer->wait_to_open(),
                    "for " + peer().to_string() + " to take more streams");
  }
  ProtocolStream out{link_.muxer->open(), protocols.front(), peer(), id_};
  if (protocols.size() == 1) {
    out.stream = negotiate_lazily(std::move(out.stream), protocols.front());
    co_return out;
  }
  Task<std::string> negotiation = negotiate_as_dialer(*out.stream, protocols);
  out.protocol = co_await within(system_.clock, kNegotiationTimeout, std::move(negotiation),
                                 "negotiating with " + peer().to_string());
  co_return out;
}

Task<void> Connection::wait_until_proven() {
  if (link_.muxer->proven()) co_return;
  const auto held = link_.muxer->hold();  // this connection, too, lives as long
  co_await link_.muxer->wait_until_proven();
}

Task<void> Connection::run() {
  link_.muxer->when_opened([this] { serve_opened(); });
  serve_opened();
  std::exception_ptr failure;
  try {
    co_await link_.muxer->run();
    ended_in_order_ = true;
  } catch (...) {
    failure = std::current_exception();
  }
  link_.muxer->close();
  co_await tasks_.stop();
  if (too_bad_) {
    throw Error(ErrorCode::limit, "too many streams that break their protocol");
  }
  if (failure) std::rethrow_exception(failure);
}

Task<void> Connection::say_farewell() {
  // Not by cancelling: a frame that the peer does not take is only given up with the connection.
  tasks_.spawn(close_after(kShutdownTimeout));
  try {
    co_await link_.muxer->shutdown();
    for (int look = 0; look < 10 && !closed(); ++look) {
      co_await system_.clock.sleep_for(kShutdownLook);
    }
  } catch (const Error&) {
    // It ends without farewell.
  } catch (const boost::system::system_error&) {
    // It has ended meanwhile.
  }
  close();
}

Task<void> Connection::close_after(Duration grace) {
  co_await system_.clock.sleep_for(grace);
  close();
}

void Connection::serve_opened() {
  while (std::unique_ptr<Stream> stream = link_.muxer->take_opened()) {
    if (has_room_for_stream()) {
      tasks_.spawn(serve(std::move(stream), std::make_unique<Served>(*this)));
    } else {
      context_.failures.add(FailureCounts::Stage::stream, ErrorCode::limit);
    }
  }
}

bool Connection::has_room_for_stream() const {
  return context_.served_streams < kMaxServedStreams || served_streams_ < kMinServedStreams;
}

Task<void> Connection::serve(std::unique_ptr<Stream> stream, std::unique_ptr<Served>) {
  try {
    co_await serve_protocol(std::move(stream));
  } catch (const Error& error) {
    note_failure(error);
    throw;
  }
  ++streams_in_order_;
  const TimePoint now = system_.clock.now();
  if (!context_.forgiven.take(now.time_since_epoch())) co_return;
  link_.muxer->forgive_open();
  context_.ingress.refund_stream(peer());
}

void Connection::note_failure(const Error& error) {
  context_.failures.add(FailureCounts::Stage::stream, error.code());
  const bool bad = error.code() == ErrorCode::malformed || error.code() == ErrorCode::limit;
  if (!bad || bad_streams_.take(system_.clock.now().time_since_epoch())) return;
  too_bad_ = true;
  close();
}

Task<void> Connection::serve_protocol(std::unique_ptr<Stream> stream) {
  if (system_.faults.fires("net.accept_stream")) co_return;
  std::string protocol = co_await negotiate(*stream);
  const ProtocolTable::Entry* found = context_.protocols.find(protocol);
  if (found == nullptr) co_return;
  const ProtocolHandler handler = found->handler;  // the table may change while the handler runs
  if (found->replay == Replay::harmful) co_await link_.muxer->wait_until_proven();
  ProtocolStream accepted{std::move(stream), std::move(protocol), peer(), id_};
  co_await handler(std::move(accepted));
}

Task<std::string> Connection::negotiate(Stream& stream) {
  const auto speaks = [this](const std::string& name) {
    return context_.protocols.find(name) != nullptr;
  };
  const Negotiation negotiation(*this, stream, system_.clock.now() + kNegotiationTimeout);
  if (!std::exchange(watching_negotiations_, true)) tasks_.spawn(end_late_negotiations());
  try {
    co_return co_await negotiate_as_listener(stream, speaks);
  } catch (const Error&) {
    if (!negotiation.late) throw;
  }
  throw Error(ErrorCode::timeout, "the peer did not say in time what the stream is for");
}

Task<void> Connection::end_late_negotiations() {
  while (!negotiations_.empty()) {
    const TimePoint deadline = negotiations_.front()->deadline;
    if (deadline > system_.clock.now()) {
      co_await system_.clock.sleep_until(deadline);
      continue;
    }
    Negotiation& oldest = *negotiations_.front();
    negotiations_.pop_front();
    oldest.late = true;
    oldest.stream.abort();
  }
  watching_negotiations_ = false;
}

}  // namespace shoal::net
