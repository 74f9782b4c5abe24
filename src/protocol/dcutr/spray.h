#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "net/transport/transport.h"
#include "net/upgrade.h"
#include "system/system.h"

namespace shoal::dcutr {

/// Meets a peer whose NAT takes another port for each destination, so that nobody knows which one
/// to dial. That peer opens many ports towards the other's one, from which the other tries many at
/// random. By the birthday paradox two of them meet: with 256 open of 64,512, 1024 tries do in 98
/// of 100 cases. By TCP and IPv4, where every attempt is a connection request.
///
/// A transport, so that the swarm dials by it and adopts what comes of it. Its addresses are of the
/// node's own making (target_to_open(), target_to_guess()) and mean nothing elsewhere; what peers
/// send of the like is refused.
class Spray final : public net::Transport {
 public:
  /// Ports that are opened for one peer; fewer where the process may have few files.
  static constexpr std::size_t kOpen = 256;
  /// Ports that are tried at one peer, and how many of them at a time.
  static constexpr std::size_t kGuesses = 1024;
  static constexpr std::size_t kGuessesAtOnce = 128;
  /// For the answer to one try.
  static constexpr Duration kGuessTime = 700ms;
  /// Of the whole.
  static constexpr Duration kTime = 10s;
  /// Connection requests that an open port sends anew after they were refused.
  static constexpr int kOpenTries = 3;
  /// A meeting that turns out to be with somebody else takes no longer.
  static constexpr Duration kUpgradeTime = 3s;
  /// Each part is done once in so long at one IP address, and for one peer of all at a time: nobody
  /// can have a node hammer at an address by naming it as one's own.
  static constexpr Duration kPause = 10min;
  /// Addresses that are remembered for that.
  static constexpr std::size_t kMaxRemembered = 256;

  /// The port that the node listens on by TCP; 0 for none.
  using ListeningPort = std::function<std::uint16_t()>;

  /// Borrows both for its life.
  Spray(System& system, net::Upgrader& upgrader, ListeningPort listening_port);
  ~Spray() override;

  /// What to dial, so that many ports are opened towards `seen`.
  static Multiaddr target_to_open(const Endpoint& seen);
  /// So that ports of `address` are guessed, from the port that is listened on.
  static Multiaddr target_to_guess(const IpAddress& address);

  /// While it lives, `target` may be dialled to reach `peer`. One at a time.
  class Permit {
   public:
    explicit Permit(Spray& spray) : spray_(spray) {}
    ~Permit() { spray_.permitted_.reset(); }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;

   private:
    Spray& spray_;
  };
  /// Null while another is under way, or the address had its turn too short a time ago.
  std::unique_ptr<Permit> permit(const PeerId& peer, const Multiaddr& target);

  bool handles(const Multiaddr& address) const override;
  Task<net::Link> dial(Multiaddr address, PeerId peer, net::DialAs as) override;
  std::unique_ptr<net::TransportListener> listen(const Multiaddr& address) override;

 private:
  class Hunt;
  struct Permitted {
    PeerId peer;
    Multiaddr target;
  };

  System& system_;
  net::Upgrader& upgrader_;
  const ListeningPort listening_port_;
  std::optional<Permitted> permitted_;
  std::map<std::pair<IpAddress, bool>, TimePoint> last_;  // by address, and whether it is guessed
};

}  // namespace shoal::dcutr
