#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <shoal/async.h>
#include <shoal/get.h>
#include <shoal/job.h>
#include <shoal/share.h>
#include <shoal/stream.h>

namespace shoal {

class SimulatedHost;

namespace library {
class NodeCore;
}

struct NodeOptions {
  /// The folder with identity, index and state; made when absent, locked by one node at a time.
  /// Empty: a new identity that lives as long as the node, in a folder of its own below $TMPDIR
  /// that stop() removes.
  std::string home = {};
  /// Multiaddrs, such as "/ip4/0.0.0.0/tcp/4001"; port 0 takes a free one. Empty: every interface
  /// and a free port.
  std::vector<std::string> listen = {};
  /// Peers to stay connected to; each a multiaddr that ends in /p2p/ID.
  std::vector<std::string> connect = {};
  /// Limits in bytes a second, over everything on the wire; 0: none.
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  /// What other peers are told this program is, at most 256 bytes. Empty: "shoal/" and the version.
  std::string agent = {};
};

/// A peer that is connected.
struct PeerInfo {
  std::string peer_id;
  std::string address;                    // of the connection, without /p2p
  std::string agent;                      // empty until it has said
  std::vector<std::string> protocols;     // empty until it has said
  std::chrono::nanoseconds round_trip{};  // 0 until one was measured
};

/// Serves one stream that a peer opened, and ends it. What leaves it as an exception resets the
/// stream and nothing else. Cancelled when the connection ends or the node stops. Lives as long as
/// the streams it serves, so it may be a coroutine that is a lambda with captures.
using Handler = std::function<Async<void>(PeerStream)>;

/// A peer of its own: identity, connections, protocols.
///
/// Owns a thread on which all its coroutines run. Its functions may be called from any thread;
/// those that return Async do their work when awaited by a coroutine of this same node
/// (Error{usage} elsewhere). They throw Error{closed} once stop() has begun, Error{usage} for a
/// peer id or address that is none. Peers are named by their id or by a multiaddr that ends in
/// /p2p/ID.
class Node {
 public:
  /// Opens the home. Throws Error{locked}, {io}, {usage}.
  explicit Node(NodeOptions options = {});
  /// The same in a simulation, on its one thread.
  explicit Node(const SimulatedHost& host, NodeOptions options = {});
  Node(Node&&) noexcept = default;
  Node& operator=(Node&&) noexcept;
  /// Stops it.
  ~Node();

  /// Listens, and begins to connect to the peers of the options. Protocols are best served before.
  /// Throws Error{failed} when an address cannot be had, Error{unsupported} for one of another
  /// kind.
  void start();
  /// Cancels every job and handler, ends every connection, and commits the state; returns when no
  /// coroutine of the node runs any more, after 2 s at most unless one of them blocks. Again: does
  /// nothing. Throws Error{usage} on the node's own loop.
  void stop();

  const std::string& peer_id() const;
  /// Where others can reach this node, each ending in /p2p/ID, the most reachable first; empty
  /// before start().
  std::vector<std::string> addresses() const;
  /// Those who are connected, in the order of their ids.
  std::vector<PeerInfo> peers() const;

  /// Answers streams of `protocol` ("/echo/1.0.0"; at most 1000 bytes, begins with '/'). Any number
  /// of them may run at once. Throws Error{exists} when it is served already.
  void serve(std::string protocol, Handler handler);

  /// A stream to a peer, connecting first if need be. Costs no round trip on a connection that is
  /// there: a peer that does not speak `protocol` shows at the first read. Throws
  /// Error{unreachable} with a reason for every address, {limit}, {closed}.
  Async<PeerStream> open(std::string peer, std::string protocol);
  /// Connects to a peer: its id. Throws as open().
  Async<std::string> connect(std::string address);
  /// One round trip. Throws as open(), and Error{timeout} after `timeout`.
  Async<std::chrono::nanoseconds> ping(std::string peer,
                                       std::chrono::nanoseconds timeout = std::chrono::seconds(10));

  /// Indexes files and folders where they lie, and serves them from there from its return on.
  /// Several paths become the entries of one folder. One share at a time, Error{limit}: stop()
  /// one to begin the next; what it held goes on being served. Throws Error{io} naming what is
  /// absent, unreadable or changes meanwhile, {usage}.
  Async<Share> share(std::vector<std::string> paths, ShareOptions options = {});
  /// Brings what a link names into the file system: a link of share(), a CID, or a gateway's URL.
  /// Verifies every block, serves what it has meanwhile, and puts the target in its place when it
  /// is complete. Cancelled or failed, it goes on where it was when it is run again. Throws
  /// Error{not_found}, {unreachable}, {corrupt}, {io}, {exists}, {timeout}, {usage}, and {locked}
  /// while another download writes to the same place.
  Async<GetResult> get(std::string link, GetOptions options = {});

  /// Runs a coroutine on the loop and blocks the calling thread until it has ended: its result, or
  /// what left it, Cancelled when the node was stopped. Throws Error{usage} on the node's own loop.
  template <class T>
  T run(Async<T> work) {
    std::optional<T> result;
    run(detail::keep(std::move(work), result));
    return std::move(*result);
  }
  void run(Async<void> work);

  /// Starts a coroutine on the loop and returns at once.
  Job spawn(Async<void> work);

  /// Blocks the calling thread until the process gets SIGINT or SIGTERM, which do not end it
  /// meanwhile; returns the number. Error{unsupported} in a simulation.
  int wait_for_signal();

  /// The time of the node's world, since some moment in the past; never goes back.
  std::chrono::nanoseconds now() const;

 private:
  std::shared_ptr<library::NodeCore> core_;
};

/// The version of the library, "0.1.0".
std::string version();

}  // namespace shoal
