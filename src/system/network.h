#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "system/task.h"

namespace shoal {

/// An ordered, reliable, two-way pipe of bytes: a TCP connection, or anything built on one (a
/// secured connection, a multiplexed stream).
///
/// At most one read and one write may be under way at a time. Both are cancellable, which leaves
/// the stream fit only for abort(). The destructor aborts.
class Stream {
 public:
  virtual ~Stream() = default;

  /// At least one byte into `into` (not empty), as soon as there are some; 0 when the other side
  /// has closed its half. Throws Error{closed} when the stream broke or was aborted.
  virtual Task<std::size_t> read_some(MutableBytes into) = 0;

  /// Returns when read_some() has something to say, so that a reader that is idle holds no buffer.
  /// May return early, and does at once where a layer cannot tell. Counts as a read under way.
  virtual Task<void> wait_readable();

  /// All of `pieces`, in order, gathered where the layer can. Returns when they were taken over,
  /// which says nothing of their arrival. The pieces must live until then. Throws Error{closed}.
  virtual Task<void> write(std::span<const ByteView> pieces) = 0;

  /// Half-close: the other side reads its end after all that was written.
  virtual Task<void> close_write() = 0;

  /// Breaks the stream at once, without waiting: pending calls, here and there, throw
  /// Error{closed}.
  virtual void abort() noexcept = 0;

  /// What reading has cost beyond the bytes that it returned, since this was last asked: the
  /// framing of a layer, in bytes.
  virtual std::size_t take_overhead_bytes() noexcept { return 0; }
};

/// Fills `into` wholly. Throws Error{closed} when the end comes before.
Task<void> read_exactly(Stream& stream, MutableBytes into);
/// One piece.
Task<void> write_all(Stream& stream, ByteView bytes);

/// A stream between two hosts.
class HostStream : public Stream {
 public:
  virtual Endpoint local() const = 0;
  virtual Endpoint remote() const = 0;
};

class Listener {
 public:
  /// Stops listening; connections not yet accepted are reset.
  virtual ~Listener() = default;
  /// With the real port.
  virtual Endpoint local() const = 0;
  /// The next connection. Cancellable. Throws Error for a failure of this one accept (such as no
  /// more descriptors, which is Error{limit}); the listener stays usable.
  virtual Task<std::unique_ptr<HostStream>> accept() = 0;
};

/// What became of a datagram at this host; nothing is known of its arrival.
enum class SendResult : std::uint8_t {
  sent,
  blocked,      // the buffer of the socket or of the interface is full
  too_large,    // for UDP, or for the interface
  unreachable,  // no route, no such interface, or the interface is down
  failed,       // anything else, such as a firewall of this host
};

class DatagramSocket {
 public:
  static constexpr std::size_t kMaxBytes = 65'507;
  static constexpr std::size_t kMaxSegments = 64;

  struct Received {
    std::size_t bytes;
    Endpoint from;
    /// The interface it came in by; 0 when unknown.
    std::uint32_t interface_index = 0;
    /// The address it was sent to: ours, or that of a group. Unspecified when unknown.
    IpAddress to{};
    /// Where not 0: these are several datagrams from one sender, each of this size, but for the
    /// last, which may be shorter (BindOptions::batches).
    std::uint16_t segment_bytes = 0;
    /// The ECN bits of the IP header (RFC 3168); 0 when unknown.
    std::uint8_t ecn = 0;
  };

  struct SendOptions {
    /// The interface it leaves by; 0 leaves that to the routes.
    std::uint32_t interface_index = 0;
    /// Where not 0: the bytes are several datagrams, each of this size, but for the last, which may
    /// be shorter. At most kMaxSegments. Sent together where the system can.
    std::uint16_t segment_bytes = 0;
    /// The ECN bits of the IP header (RFC 3168).
    std::uint8_t ecn = 0;
    /// Our address that it comes from; unspecified leaves that to the routes.
    IpAddress from{};
  };

  virtual ~DatagramSocket() = default;
  virtual Endpoint local() const = 0;
  /// The next datagram, cut to the size of `into`. Cancellable.
  virtual Task<Received> receive(MutableBytes into) = 0;
  /// Hands one datagram to the network. Never waits.
  virtual SendResult send(Endpoint to, ByteView bytes, SendOptions options) = 0;
  SendResult send(Endpoint to, ByteView bytes) { return send(to, bytes, SendOptions{}); }
  /// Returns when a send that was `blocked` is worth another try. Cancellable.
  virtual Task<void> wait_writable() = 0;

  /// From now on also receives what is sent to the multicast address `group` on one interface; to
  /// be left when an interface goes. Joining twice is no error. Throws Error{failed} when there is
  /// no such interface, or the kernel's bound on memberships is reached (20 per socket on Linux).
  virtual void join_group(IpAddress group, std::uint32_t interface_index) = 0;
  virtual void leave_group(IpAddress group, std::uint32_t interface_index) noexcept = 0;
};

struct BindOptions {
  /// Shares the address and port with other sockets that say so too. Each of them receives what is
  /// sent to a group; what is sent to the host goes to one of them.
  bool reuse = false;
  /// TTL (IPv4) or hop limit (IPv6) of what is sent to a group; 1 to 255.
  std::uint8_t multicast_hops = 1;
  /// Whether this host's own sockets receive what is sent to a group.
  bool multicast_loop = true;
  /// receive() may return several datagrams of one sender together.
  bool batches = false;
  /// Datagrams that do not fit the path are lost, not cut into fragments.
  bool dont_fragment = false;
};

struct InterfaceAddress {
  IpAddress address;
  /// Bits of the address that name its network: 0 to 32, or 0 to 128.
  std::uint8_t prefix_bits = 0;

  auto operator<=>(const InterfaceAddress&) const = default;
  /// Whether `other` is of this address's network.
  bool covers(const IpAddress& other) const;
};

/// A network interface of this host.
struct NetworkInterface {
  std::uint32_t index = 0;  // never 0
  std::string name{};
  std::vector<InterfaceAddress> addresses{};  // in order
  bool up = false;                            // with a carrier
  bool loopback = false;
  bool point_to_point = false;
  bool multicast = false;

  bool operator==(const NetworkInterface&) const = default;
};

struct ListenOptions {
  /// For an IPv6 "any" address: take IPv4 connections as well.
  bool dual_stack = false;
  int backlog = 1024;
};

struct ConnectOptions {
  /// The port it comes from, which a listener of this process may have, too; 0: any free one. Two
  /// hosts that connect to each other from these ports at once get one stream (simultaneous open).
  std::uint16_t local_port = 0;
};

class Network {
 public:
  virtual ~Network() = default;

  /// Throws Error{unreachable} (refused, no route, …, in a sentence) or {timeout} as the host's own
  /// stack gives up, and {failed} when the local port cannot be had. Cancellable.
  virtual Task<std::unique_ptr<HostStream>> connect(Endpoint remote, ConnectOptions options) = 0;
  Task<std::unique_ptr<HostStream>> connect(Endpoint remote) { return connect(remote, {}); }
  /// To a program of this host that listens at a Unix domain socket. Throws Error{unreachable}.
  virtual Task<std::unique_ptr<Stream>> connect_unix(std::string path) = 0;

  /// Throws Error{failed} when the address is taken or not ours.
  virtual std::unique_ptr<Listener> listen(Endpoint local, ListenOptions options = {}) = 0;

  /// Throws Error{failed} when the address is taken or not ours.
  virtual std::unique_ptr<DatagramSocket> bind(Endpoint local, BindOptions options = {}) = 0;

  /// The addresses of this host's interfaces that are up, loopback included.
  virtual std::vector<IpAddress> local_addresses() = 0;

  /// This host's interfaces by index, those that are down too. They come and go: ask again every
  /// few seconds. Throws Error{io}.
  virtual std::vector<NetworkInterface> interfaces() = 0;

  /// How many sockets and files this process may have open together.
  virtual std::size_t max_open_files() const { return std::numeric_limits<std::size_t>::max(); }
};

class Resolver {
 public:
  virtual ~Resolver() = default;
  /// IPv6 and IPv4 addresses of a host name; at most 32. Throws Error{not_found}.
  virtual Task<std::vector<IpAddress>> addresses(std::string host) = 0;
  /// The TXT strings of a name; at most 64. Throws Error{not_found}.
  virtual Task<std::vector<std::string>> texts(std::string name) = 0;
};

}  // namespace shoal
