#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/portmap/gateway.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::portmap {

/// Has the router of the local network forward ports to this host, by PCP, NAT-PMP or UPnP,
/// whichever it speaks: renewed at half their life, given back at the end, asked for anew when the
/// network changes.
class PortMapper {
 public:
  static constexpr std::size_t kMaxPorts = 8;
  /// How often it is looked whether ports, network or leases ask for something.
  static constexpr Duration kLook = 5s;
  /// Where no router forwards, it is tried again after so long; so it is with one that refuses.
  static constexpr Duration kRetry = 10min;
  /// Of all that is given back at the end, together.
  static constexpr Duration kReleaseTime = 500ms;

  /// Ports that are listened on now, at addresses that a router could forward to.
  using Ports = std::function<std::vector<Port>()>;

  /// Borrows `system` for its life. stop() must have returned before it is destroyed.
  PortMapper(System& system, Ports ports);

  void start() { tasks_.spawn(keep_mapping()); }
  /// Gives back what is mapped. Goes on to the end even when the caller is cancelled.
  Task<void> stop();

  /// Where the router forwards from, by port. Each is plausible as an address of the internet.
  std::map<Port, Endpoint> mappings() const;
  /// Called when mappings() have changed. One listener.
  void when_changed(std::function<void()> callback) { changed_ = std::move(callback); }

  /// The protocol of the router; empty while there is none.
  std::string protocol() const;
  /// Why nothing is mapped, once it has been tried; else empty.
  const std::string& failure() const { return failure_; }
  /// The first try has ended.
  bool has_tried() const { return has_tried_; }

 private:
  struct Lease {
    std::optional<Granted> granted{};
    TimePoint due{};
  };
  /// Where this host is: when it changes, all begins anew.
  struct Place {
    std::optional<IpAddress> router{};
    std::optional<IpAddress> own{};

    bool operator==(const Place&) const = default;
  };

  Task<void> keep_mapping();
  Task<void> look();
  Place place();
  Task<void> find_gateway();
  Task<void> try_gateway(std::unique_ptr<Gateway> gateway, Port first);
  Task<void> renew(Port port);
  Task<void> give_back(Port port);
  Task<void> give_all_back();
  Task<void> give_all_back_in_time();
  void note(const Port& port, const Granted& granted);
  void forget_all();
  void changed() const {
    if (changed_) changed_();
  }

  System& system_;
  const Ports ports_;
  std::function<void()> changed_;
  Place place_;
  std::unique_ptr<Gateway> gateway_;
  TimePoint search_due_{};
  std::map<Port, Lease> leases_;
  std::string failure_;
  bool has_tried_ = false;
  TaskGroup tasks_;
  TaskGroup ending_;
};

}  // namespace shoal::portmap
