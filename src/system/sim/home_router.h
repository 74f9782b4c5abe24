#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "system/sim/nat.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::sim {

class Host;
class World;

/// The box that a NAT runs on, as hosts behind it see it: their router, which forwards ports to
/// whoever asks by NAT-PMP (RFC 6886). Written by hand, so that what talks to it is not tested
/// against itself.
class HomeRouter {
 public:
  static constexpr std::uint16_t kPort = 5351;

  /// At `inside`, an address of the NAT's network. Borrows both for its life; stop() must have
  /// returned before it is destroyed.
  HomeRouter(World& world, Nat& nat, IpAddress inside);
  ~HomeRouter();
  HomeRouter(const HomeRouter&) = delete;
  HomeRouter& operator=(const HomeRouter&) = delete;

  /// Tells a host that this is its router, in its table of routes.
  void serve(Host& host);
  Task<void> stop() { return tasks_.stop(); }

  Host& host() { return host_; }
  /// After stop(): something else may serve there.
  void release_port() { socket_.reset(); }
  /// Requests so far.
  std::size_t requests() const { return requests_; }
  /// What it says its address outside is, where that is not the NAT's.
  void claim(IpAddress outside) { claimed_ = outside; }

 private:
  Task<void> answer_all();
  Bytes answer(ByteView request, const IpAddress& from);
  Bytes forward(ByteView request, const IpAddress& from);

  World& world_;
  Nat& nat_;
  Host& host_;
  std::optional<IpAddress> claimed_;
  std::map<std::pair<bool, Endpoint>, std::uint16_t> forwarded_;
  std::size_t requests_ = 0;
  std::unique_ptr<DatagramSocket> socket_;
  TaskGroup tasks_;
};

}  // namespace shoal::sim
