#include "protocol/portmap/port_mapper.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "protocol/portmap/pmp_client.h"
#include "protocol/portmap/upnp_client.h"
#include "system/default_route.h"
#include "system/timeout.h"

namespace shoal::portmap {

namespace {

bool is_of_home(const IpAddress& address) {
  return !address.is_v6() && address.is_private() && !address.is_link_local();
}

}  // namespace

PortMapper::PortMapper(System& system, Ports ports)
    : system_(system),
      ports_(std::move(ports)),
      tasks_(system.waits, "port mapping"),
      ending_(system.waits, "giving ports back") {}

Task<void> PortMapper::stop() {
  co_await tasks_.stop();
  // A task of its own: it is done even when the caller is cancelled.
  ending_.spawn(give_all_back_in_time());
  co_await ending_.join_through();
  gateway_.reset();
}

Task<void> PortMapper::give_all_back_in_time() {
  try {
    co_await within(system_.clock, kReleaseTime, give_all_back(), "giving ports back");
  } catch (const Error& error) {
    log_debug("ports are not all given back: {}", error.what());
  }
}

Task<void> PortMapper::keep_mapping() {
  while (true) {
    co_await look();
    co_await system_.clock.sleep_for(kLook);
  }
}

Task<void> PortMapper::look() {
  Place now = place();
  if (now != place_) {
    forget_all();
    place_ = std::move(now);
  }
  std::vector<Port> wanted = place_.own ? ports_() : std::vector<Port>{};
  if (wanted.size() > kMaxPorts) wanted.resize(kMaxPorts);
  std::vector<Port> unwanted;
  for (const auto& [port, lease] : leases_) {
    if (std::ranges::find(wanted, port) == wanted.end()) unwanted.push_back(port);
  }
  for (const Port& port : unwanted) co_await give_back(port);
  for (const Port& port : wanted) leases_.try_emplace(port);
  if (leases_.empty()) co_return;
  if (!gateway_ && system_.clock.now() >= search_due_) {
    co_await find_gateway();
    if (!gateway_) has_tried_ = true;
  }
  if (!gateway_) co_return;
  for (const Port& port : wanted) {
    // None is left when a router has refused all, or the place has changed meanwhile.
    if (!gateway_) co_return;
    if (leases_.at(port).due <= system_.clock.now()) co_await renew(port);
  }
  has_tried_ = true;
}

/// Only an address that is of no use to others needs a router's help.
PortMapper::Place PortMapper::place() {
  Place out{.router = default_router(system_.storage)};
  for (const NetworkInterface& each : system_.network.interfaces()) {
    if (!each.up || each.loopback) continue;
    for (const InterfaceAddress& at : each.addresses) {
      if (!is_of_home(at.address)) continue;
      const bool beside_router = out.router && at.covers(*out.router);
      if (beside_router || (!out.router && !out.own)) out.own = at.address;
    }
  }
  return out;
}

/// By the first protocol that gets a port. Whatever a router says wrong by one, another may do.
Task<void> PortMapper::find_gateway() {
  failure_ = "no router answers by PCP, NAT-PMP or UPnP";
  search_due_ = system_.clock.now() + kRetry;
  const Port first = leases_.begin()->first;
  if (place_.router && is_of_home(*place_.router)) {
    co_await try_gateway(make_pcp_gateway(system_, *place_.router, *place_.own), first);
    if (gateway_) co_return;
    co_await try_gateway(make_natpmp_gateway(system_, *place_.router), first);
    if (gateway_) co_return;
  }
  try {
    auto found = co_await find_upnp_gateway(system_, *place_.own, place_.router);
    co_await try_gateway(std::move(found), first);
  } catch (const Error& error) {
    log_debug("UPnP: {}", error.what());
  }
}

Task<void> PortMapper::try_gateway(std::unique_ptr<Gateway> gateway, Port first) {
  try {
    const Granted granted = co_await gateway->map(first, first.number);
    if (!is_plausible_outside(granted.outside)) {
      co_await gateway->unmap(first, granted.outside.port);
      throw Error(ErrorCode::refused, "the router's own address, " +
                                          granted.outside.address.to_string() +
                                          ", is none of the internet");
    }
    gateway_ = std::move(gateway);
    failure_.clear();
    note(first, granted);
  } catch (const Error& error) {
    log_debug("{}: {}", gateway->protocol(), error.what());
    const bool it_spoke =
        error.code() == ErrorCode::refused || error.code() == ErrorCode::malformed;
    if (it_spoke) failure_ = std::string(gateway->protocol()) + ": " + error.message();
  }
}

Task<void> PortMapper::renew(Port port) {
  const auto before = leases_.at(port).granted;
  try {
    const Granted granted =
        co_await gateway_->map(port, before ? before->outside.port : port.number);
    if (!is_plausible_outside(granted.outside)) {
      throw Error(ErrorCode::refused, "the router's own address is none of the internet");
    }
    note(port, granted);
    co_return;
  } catch (const Error& error) {
    log_info("port {} is not forwarded: {}", port.number, error.what());
    failure_ = std::string(gateway_->protocol()) + ": " + error.message();
  }
  // The lease still has half of its life, but a router that began anew knows nothing of it.
  Lease& lease = leases_.at(port);
  lease = {.granted = std::nullopt, .due = system_.clock.now() + kRetry};
  const bool none_left = std::ranges::none_of(
      leases_, [](const auto& each) { return each.second.granted.has_value(); });
  if (none_left) {
    gateway_.reset();
    search_due_ = system_.clock.now() + kLook;
    if (!before) search_due_ += kRetry;
  }
  if (before) changed();
}

void PortMapper::note(const Port& port, const Granted& granted) {
  Lease& lease = leases_.at(port);
  const bool is_new = !lease.granted || lease.granted->outside != granted.outside;
  lease = {.granted = granted, .due = system_.clock.now() + granted.lifetime / 2};
  failure_.clear();
  if (!is_new) return;
  log_info("the router forwards {} to port {} ({})", granted.outside.to_string(), port.number,
           gateway_->protocol());
  changed();
}

Task<void> PortMapper::give_back(Port port) {
  const auto found = leases_.find(port);
  if (found == leases_.end()) co_return;
  const std::optional<Granted> granted = found->second.granted;
  leases_.erase(found);
  if (!granted || !gateway_) co_return;
  try {
    co_await gateway_->unmap(port, granted->outside.port);
  } catch (const Error& error) {
    log_debug("port {} is not given back: {}", port.number, error.what());
  }
  changed();
}

Task<void> PortMapper::give_all_back() {
  changed_ = nullptr;
  while (!leases_.empty()) {
    const Port port = leases_.begin()->first;
    co_await give_back(port);
  }
}

/// What another network's router has, ends by itself.
void PortMapper::forget_all() {
  const bool had_some = std::ranges::any_of(
      leases_, [](const auto& each) { return each.second.granted.has_value(); });
  leases_.clear();
  gateway_.reset();
  search_due_ = {};
  failure_.clear();
  has_tried_ = false;
  if (had_some) changed();
}

std::map<Port, Endpoint> PortMapper::mappings() const {
  std::map<Port, Endpoint> out;
  for (const auto& [port, lease] : leases_) {
    if (lease.granted) out.emplace(port, lease.granted->outside);
  }
  return out;
}

std::string PortMapper::protocol() const {
  return gateway_ ? std::string(gateway_->protocol()) : std::string();
}

}  // namespace shoal::portmap
