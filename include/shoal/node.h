#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <shoal/async.h>
#include <shoal/content.h>
#include <shoal/get.h>
#include <shoal/job.h>
#include <shoal/key.h>
#include <shoal/peers.h>
#include <shoal/request.h>
#include <shoal/share.h>
#include <shoal/stream.h>
#include <shoal/subscription.h>
#include <shoal/topic.h>
#include <shoal/tunnel.h>
#include <shoal/uncaught.h>

namespace shoal {

class SimulatedHost;

namespace library {
class NodeCore;
}

struct NodeOptions {
  /// The folder with identity, index and state; made when absent. Further nodes that run there at
  /// the same time, of other processes too, have each an identity of its own. Empty: a new identity
  /// that lives as long as the node, in a folder of its own below $TMPDIR that stop() removes.
  std::string home = {};
  /// Multiaddrs, such as "/ip4/0.0.0.0/tcp/4001"; port 0 takes a free one. Empty: every interface
  /// and a free port.
  std::vector<std::string> listen = {};
  /// Peers to stay connected to; each a multiaddr that ends in /p2p/ID.
  std::vector<std::string> connect = {};
  /// Ways into a network: peers of it, each a multiaddr that ends in /p2p/ID. The node takes part
  /// in its DHT: what it shares is found there by CID, and what it gets is looked for. Peers that
  /// were met are kept in the home, for when these do not answer.
  std::vector<std::string> bootstrap = {};
  /// Finds peers of the local network by mDNS, is found by them, and shares a DHT with them.
  bool lan = false;
  /// Announces what is shared to the public IPFS network, and searches it.
  bool is_public = false;
  /// Limits in bytes a second, over everything on the wire; 0: none.
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  /// What other peers are told this program is, at most 256 bytes. Empty: "shoal/" and the version.
  std::string agent = {};
  /// Multiaddrs that others reach this node by, such as a port that a router forwards; without
  /// /p2p, or with this node's id. They come first in addresses(), in links, and in what peers are
  /// told.
  std::vector<std::string> announce = {};
  /// Relays by which others reach this node, each a multiaddr that ends in /p2p/ID. The node stays
  /// connected to them, and its addresses there join addresses() and links as soon as they give a
  /// place. Others come by the relay, and directly once a hole is punched. Empty: two of the relays
  /// that it meets in its networks, where it has no public address.
  std::vector<std::string> relays = {};
  /// Relays for everybody who asks, without limits on time and bytes. Without it, a node with a
  /// public or an announced address relays with the usual limits, others not at all.
  bool relay_service = false;
  /// Asks the router of the local network to forward the ports that are listened on (PCP, NAT-PMP,
  /// UPnP), and gives them back at the end. What it forwards joins addresses().
  bool port_mapping = false;
  /// The identity. None: the home's, which is made when there is none yet; with a key, that is
  /// neither read nor written.
  std::optional<Key> key = {};
  /// Which peers may be connected: asked before each dial, and after each handshake, inbound and
  /// outbound, before any protocol is served. Empty: all, but those of Node::deny. Called on the
  /// node's loop, must not wait; what it throws goes to on_error, and the peer is refused.
  std::function<bool(const std::string& peer_id)> allow = {};
  /// Takes the exceptions that nobody awaits: of jobs whose last handle went, of handlers, of
  /// callbacks. Empty: each is a line in the log (shoal::set_log), a warning, or info for a handler
  /// whose peer ended the stream.
  ErrorHook on_error = {};
};

/// Serves one stream that a peer opened, and ends it. An exception that leaves it goes to
/// NodeOptions::on_error, and resets the stream and nothing else; but a peer with too many
/// Error{malformed} and {limit}, by which a handler says that the peer broke the protocol (64 at
/// once, then 1 in 10 s), loses its connection. Cancelled when the connection ends or the node
/// stops. Lives as long as the streams it serves, so it may be a coroutine that is a lambda with
/// captures.
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
  /// Opens the home. Throws Error{io}, {usage}, and {locked} when 64 nodes run there.
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
  /// Calls back when a peer connects, has said what it is, or is gone, from now on: peers() tells
  /// of those before. At stop() all are gone. On the node's loop, so it must not wait; it may use
  /// the node (deny, disconnect, spawn, …). What it throws goes to NodeOptions::on_error.
  Subscription on_peer(std::function<void(const PeerEvent&)> callback);

  /// Ends every connection to a peer; it may come again.
  void disconnect(const std::string& peer);
  /// The same, and refuses it from now on, as NodeOptions::allow does: to open() and the like it is
  /// Error{refused}. As long as the node lives; nothing is kept in the home.
  void deny(const std::string& peer);
  /// Takes deny() back.
  void allow(const std::string& peer);

  /// Answers streams of `protocol` ("/echo/1.0.0"; at most 1000 bytes, begins with '/'). Any number
  /// of them may run at once. Throws Error{exists} when it is served already.
  void serve(std::string protocol, Handler handler);
  /// Takes serve() back: new streams are refused, those that are open go on.
  void unserve(const std::string& protocol);

  /// A stream to a peer, connecting first if need be. Costs no round trip on a connection that is
  /// there: a peer that does not speak `protocol` shows at the first read. Throws
  /// Error{unreachable} with a reason for every address, {refused} for a peer that is not allowed,
  /// {limit}, {closed}.
  Async<PeerStream> open(std::string peer, std::string protocol);
  /// Connects to a peer: its id. Throws as open().
  Async<std::string> connect(std::string address);
  /// One round trip. Throws as open(), and Error{timeout} after `timeout`.
  Async<std::chrono::nanoseconds> ping(std::string peer,
                                       std::chrono::nanoseconds timeout = std::chrono::seconds(10));

  /// Joins a topic, which is any name of 1 to Topic::kMaxNameBytes; a node may join one more than
  /// once. Its peers are found in the networks of NodeOptions (lan, bootstrap, is_public), and
  /// among those connected. Throws Error{limit}, {usage} for a second validator of a topic.
  Topic join(std::string topic, TopicOptions options = {});

  /// Answers the requests of `protocol`, each with one message. unserve() ends it. Throws as
  /// serve().
  void respond(std::string protocol, Responder responder, RespondOptions options = {});
  /// The same with any number of messages, as they become known.
  void respond_streaming(std::string protocol, StreamResponder responder,
                         RespondOptions options = {});
  /// Sends a request and returns its one answer, connecting first if need be. Cancelled, it cancels
  /// the responder, too. Throws as open() and Answers::next(), and Error{closed} when there is no
  /// answer.
  Async<ByteVector> request(std::string peer, std::string protocol, std::string message,
                            RequestOptions options = {});
  Async<ByteVector> request(std::string peer, std::string protocol,
                            std::span<const std::byte> message, RequestOptions options = {});
  /// The same for any number of answers. Returns when the request was taken over.
  Async<Answers> request_streaming(std::string peer, std::string protocol, std::string message,
                                   RequestOptions options = {});
  /// Lets peers connect to a service: "HOST:PORT" from here, "udp://HOST:PORT", or "unix:PATH".
  /// `name` is 1 to 63 of a-z, 0-9 and '-'. Returns the ticket for connect_tunnel() and `shoal
  /// connect`, which names this node's addresses of now. At most 64. Throws Error{exists}, {usage},
  /// {io}.
  std::string expose(const std::string& name, const std::string& target,
                     ExposeOptions options = {});
  /// The same for a service of this program: `handler` serves each connection, as serve() has it.
  std::string expose(const std::string& name, Handler handler, ExposeOptions options = {});
  /// Takes expose() back, and breaks its connections.
  void unexpose(const std::string& name);
  /// Reaches the service that a ticket names. Throws Error{unreachable}, {refused} when the peer
  /// does not let this node in, {usage} for what is no ticket, {failed} when the port is taken.
  Async<Tunnel> connect_tunnel(std::string ticket, TunnelOptions options = {});

  /// Indexes files and folders where they lie, and serves them from there from its return on.
  /// Several paths become the entries of one folder. Any number of shares may run at once. Throws
  /// Error{io} naming what is absent, unreadable or changes meanwhile, {usage}.
  Async<Share> share(std::vector<std::string> paths, ShareOptions options = {});
  /// Shares on what get() brought: a link to it, or its CID. Reads no file. Throws Error{not_found}
  /// when this node does not have all of it.
  Async<Share> seed(std::string link);
  /// Brings what a link names into the file system: a link of share(), a CID, or a gateway's URL.
  /// Verifies every block, serves what it has until its end (then seed() goes on), and puts the
  /// target in its place when it is complete. Cancelled or failed, it goes on where it was when it
  /// is run again. Throws Error{not_found}, {unreachable}, {corrupt}, {io}, {exists}, {timeout},
  /// {usage}, and {locked} while another download writes to the same place.
  Async<GetResult> get(std::string link, GetOptions options = {});

  /// What is in the folder that a link leads to, each as it is found, in the order of names unless
  /// there are some 200,000 or more; or the one entry that a file is. Fetches only what that needs.
  /// Throws as get() does, Error{limit} for a tree that is much larger than what came over the
  /// wire, and what `entry` throws.
  Async<void> ls(std::string link, EntrySink entry, LsOptions options = {});
  /// The same at once. Throws Error{limit} for more than kMaxEntries.
  Async<std::vector<Entry>> ls(std::string link, LsOptions options = {});
  static constexpr std::size_t kMaxEntries = 1024 * 1024;
  /// The content of the file that a link leads to, or a range of it, in order, in pieces of at most
  /// 2 MiB, verified; each is handed to `piece` and awaited before the next, with at most 8 blocks
  /// fetched ahead. Throws as get() does, Error{usage} for what is no file, and what `piece`
  /// throws.
  Async<void> cat(std::string link, PieceSink piece, CatOptions options = {});
  /// How much it is, from its interior nodes alone. Throws as get() does.
  Async<ContentStat> stat(std::string link, LookOptions options = {});
  /// Peers that say they have `cid`, a CID or a link: among those connected, and in the networks of
  /// the options. Ends when there is nobody else to ask now; may be empty.
  Async<std::vector<Provider>> find_providers(std::string cid);

  /// One block, at most 2 MiB, verified: held here or fetched. Throws as get() does.
  Async<std::vector<std::byte>> get_block(std::string cid, LookOptions options = {});
  /// Whether it is on this machine, in a file that looks as when it was verified; which is not yet
  /// that it is served. There is no put_block: what a node serves lies in files, so write one and
  /// share() it.
  bool has_block(const std::string& cid) const;

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
