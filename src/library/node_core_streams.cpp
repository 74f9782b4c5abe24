#include <utility>

#include "base/error.h"
#include "library/node_core.h"
#include "library/parse.h"
#include "protocol/ping/ping.h"

// Streams of the program's own protocols, and the coroutines that it runs on the node.

namespace shoal::library {

namespace {

constexpr Duration kAddressLifetime = 24h;

}  // namespace

/// Counts a running job or handler, so that the end of the node cancels and awaits it.
class NodeCore::Registered {
 public:
  Registered(NodeCore& core, detail::Scope& scope) : core_(core) {
    id_ = core_.next_scope_++;
    core_.scopes_[id_] = &scope;
  }
  ~Registered() {
    core_.scopes_.erase(id_);
    if (core_.scopes_.empty()) core_.scopes_gone_.notify_all();
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;

 private:
  NodeCore& core_;
  std::uint64_t id_ = 0;
};

void NodeCore::serve(const std::string& protocol, Handler handler) {
  check_protocol(protocol);
  if (!handler) throw Error(ErrorCode::usage, "a handler that cannot be called", protocol);
  const auto shared = std::make_shared<const Handler>(std::move(handler));
  call(*loop_, [this, &protocol, &shared] {
    net::ProtocolTable& protocols = node().swarm().protocols();
    if (protocols.find(protocol) != nullptr) {
      throw Error(ErrorCode::exists, "this protocol is served already", protocol);
    }
    protocols.add(protocol, [this, shared](net::ProtocolStream stream) {
      return handle(shared, std::move(stream));
    });
    served_.insert(protocol);
    node().identify().push();
  });
}

void NodeCore::unserve(const std::string& protocol) {
  call(*loop_, [this, &protocol] {
    if (served_.erase(protocol) == 0) return;
    node().swarm().protocols().remove(protocol);
    node().identify().push();
  });
}

Task<void> NodeCore::handle(std::shared_ptr<const Handler> handler, net::ProtocolStream stream) {
  if (ending_) throw_stopped();
  UncaughtError failure{.where = "a handler",
                        .protocol = stream.protocol,
                        .peer_id = {},
                        .exception = {},
                        .message = {}};
  const PeerId peer = stream.peer;
  detail::Scope scope(*loop_);
  const Registered registered(*this, scope);
  try {
    Async<void> work = (*handler)(hand_over(std::move(stream)));
    co_await run_in(scope, std::move(work));
  } catch (const boost::system::system_error& error) {
    if (is_cancelled(error)) throw;
    failure.exception = std::current_exception();
  } catch (...) {
    failure.exception = std::current_exception();
  }
  if (!failure.exception) co_return;
  failure.peer_id = peer.to_string();
  uncaught_->report(failure);
  // To the connection, which resets the stream, and counts what breaks its protocol.
  try {
    std::rethrow_exception(failure.exception);
  } catch (const Error&) {
    throw;
  } catch (...) {
    throw Error(ErrorCode::failed, "the handler failed", failure.protocol);
  }
}

PeerStream NodeCore::hand_over(net::ProtocolStream stream) {
  net::IngressLimiter::Solicited expected = node().swarm().solicit(stream.peer);
  return PeerStream(StreamCore::make(loop_, open_, std::move(stream), std::move(expected)));
}

PeerId NodeCore::learn(const std::string& peer) {
  const Target target = to_target(peer);
  if (target.address) {
    node().swarm().peers().add_address(target.peer, *target.address,
                                       net::AddressSource::given_by_user, kAddressLifetime);
  }
  return target.peer;
}

Task<PeerStream> NodeCore::open(std::string peer, std::string protocol) {
  check_protocol(protocol);
  const PeerId id = learn(peer);
  std::vector<std::string> protocols{std::move(protocol)};
  net::ProtocolStream stream = co_await node().swarm().open(id, std::move(protocols));
  co_return hand_over(std::move(stream));
}

Task<std::string> NodeCore::connect(std::string address) {
  const PeerId id = learn(address);
  co_await node().swarm().connect(id);
  co_return id.to_string();
}

Task<Duration> NodeCore::ping(std::string peer, Duration timeout) {
  const PeerId id = learn(peer);
  ping::Pinger pinger(loop_->system(), node().swarm());
  co_await pinger.open(id);
  const Duration round_trip = co_await pinger.ping(timeout);
  co_return round_trip;
}

std::shared_ptr<JobCore> NodeCore::spawn(Async<void> work) {
  auto job = std::make_shared<JobCore>(loop_, uncaught_);
  const bool posted = loop_->post([this, job, work = std::move(work)]() mutable {
    if (ending_) {
      job->handed_over = true;  // it never ran: that is like being cancelled
      const Error stopped(ErrorCode::closed, "this node has stopped");
      return job->end(std::make_exception_ptr(stopped));
    }
    jobs_.spawn(run_job(job, std::move(work)));
  });
  if (!posted) throw_stopped();
  return job;
}

Task<void> NodeCore::run_job(std::shared_ptr<JobCore> job, Async<void> work) {
  std::exception_ptr failure;
  const Registered registered(*this, job->scope);
  try {
    co_await run_in(job->scope, std::move(work));
  } catch (const boost::system::system_error& error) {
    failure = is_cancelled(error) ? std::make_exception_ptr(Cancelled()) : std::current_exception();
  } catch (...) {
    failure = std::current_exception();
  }
  job->end(std::move(failure));
}

}  // namespace shoal::library
