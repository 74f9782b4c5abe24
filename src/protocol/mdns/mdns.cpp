#include "protocol/mdns/mdns.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "protocol/mdns/local_addresses.h"

namespace shoal::mdns {

namespace {

constexpr Duration kRetryDelay = 1s;

bool carries_multicast(const NetworkInterface& interface) {
  // A point-to-point interface is a tunnel: the one at its other end is no neighbour.
  return interface.up && interface.multicast && !interface.loopback && !interface.point_to_point;
}

bool speaks(const NetworkInterface& interface, bool v6) {
  return std::ranges::any_of(interface.addresses, [v6](const InterfaceAddress& each) {
    return each.address.is_v6() == v6;
  });
}

bool has_address(const NetworkInterface& interface, const IpAddress& address) {
  return std::ranges::count(interface.addresses, address, &InterfaceAddress::address) > 0;
}

}  // namespace

Mdns::Mdns(System& system, net::Swarm& swarm, Options options)
    : system_(system),
      swarm_(swarm),
      options_(std::move(options)),
      announcement_(system.random, swarm.local_peer(), options_.service),
      sockets_(system.network),
      tasks_(system.waits, "mDNS") {}

void Mdns::when_found(std::function<void(const FoundPeer&)> callback) {
  when_found_.push_back(std::move(callback));
}

void Mdns::when_gone(std::function<void(const GonePeer&)> callback) {
  when_gone_.push_back(std::move(callback));
}

void Mdns::start() {
  tasks_.spawn(watch());
}

Task<void> Mdns::stop() {
  for (const auto& [where, link] : links_) {
    const auto addresses = own_addresses(link);
    if (addresses.empty()) continue;
    sockets_.send_to_group(where, announcement_.answer(addresses, 0));
  }
  links_.clear();
  co_await tasks_.stop();
  sockets_.close();
}

Task<void> Mdns::watch() {
  while (true) {
    poll_interfaces();
    tend_links();
    tell_gone();
    TimePoint next = system_.clock.now() + kInterfacePoll;
    for (const auto& [where, link] : links_) next = std::min(next, link.schedule.next_due());
    co_await system_.clock.sleep_until(next);
  }
}

Task<void> Mdns::tend_at(TimePoint time) {
  co_await system_.clock.sleep_until(time);
  tend_links();
}

Task<void> Mdns::receive(bool v6) {
  Bytes buffer(DnsMessage::kMaxBytes + 1);  // one more tells what is too large
  while (true) {
    bool failed = false;
    try {
      const auto received = co_await sockets_.get(v6)->receive(buffer);
      handle(received, ByteView(buffer).first(received.bytes), v6);
    } catch (const Error& error) {
      log_debug("mDNS: {}", error.what());
      failed = true;
    }
    if (failed) co_await system_.clock.sleep_for(kRetryDelay);
  }
}

void Mdns::open_sockets() {
  for (const bool v6 : {false, true}) {
    if (sockets_.get(v6) == nullptr && sockets_.open(v6)) tasks_.spawn(receive(v6));
  }
}

void Mdns::poll_interfaces() {
  open_sockets();
  std::vector<NetworkInterface> interfaces;
  try {
    interfaces = system_.network.interfaces();
  } catch (const Error& error) {
    log_debug("mDNS: {}", error.what());
    return;
  }
  std::erase_if(interfaces, [](const auto& each) { return !carries_multicast(each); });
  if (interfaces.size() > kMaxInterfaces) interfaces.resize(kMaxInterfaces);
  drop_missing(interfaces);
  for (const NetworkInterface& interface : interfaces) {
    for (const bool v6 : {false, true}) {
      if (speaks(interface, v6)) update_link({interface.index, v6}, interface);
    }
  }
}

void Mdns::update_link(const Where& where, const NetworkInterface& interface) {
  const auto known = links_.find(where);
  if (known == links_.end()) {
    const TimePoint now = system_.clock.now();
    if (sockets_.join(where)) links_.emplace(where, Link{interface, LinkSchedule(now)});
  } else if (known->second.interface != interface) {
    known->second.interface = interface;
    known->second.schedule.restart(system_.clock.now());
  }
}

void Mdns::drop_missing(const std::vector<NetworkInterface>& interfaces) {
  for (auto link = links_.begin(); link != links_.end();) {
    const auto each = link++;
    const auto [index, v6] = each->first;
    const auto same = std::ranges::find(interfaces, index, &NetworkInterface::index);
    if (same != interfaces.end() && speaks(*same, v6)) continue;
    sockets_.leave(each->first);
    if (same == interfaces.end()) found_.drop_interface(index);
    links_.erase(each);
  }
}

void Mdns::tend_links() {
  for (auto& [where, link] : links_) tend(where, link);
}

/// Sends what is due.
void Mdns::tend(const Where& where, Link& link) {
  const TimePoint now = system_.clock.now();
  if (link.schedule.take_query(now, system_.random.unit())) {
    const auto known = found_.known_answers(where.interface_index, now);
    sockets_.send_to_group(where, peers_query(announcement_.service, known));
  }
  if (!link.schedule.take_answer(now)) return;
  const auto addresses = own_addresses(link);
  if (addresses.empty()) return;
  sockets_.send_to_group(where, announcement_.answer(addresses, kTtlSeconds));
}

void Mdns::handle(const DatagramSocket::Received& received, ByteView bytes, bool v6) {
  const Where where{received.interface_index, v6};
  const auto link = links_.find(where);
  if (link == links_.end() || !on_link(link->second.interface, received.from.address)) return;
  if (!budget_.take(received.from.address, system_.clock.now())) return;
  try {
    const DnsMessage message = DnsMessage::decode(bytes);
    if (message.response) {
      handle_response(link->second, message, received.from.address);
    } else {
      handle_query(where, link->second, message, received.from);
    }
  } catch (const Error& error) {
    log_debug("mDNS from {}: {}", received.from.to_string(), error.what());
  }
}

void Mdns::handle_query(const Where& where, Link& link, const DnsMessage& query,
                        const Endpoint& from) {
  const Wanted wanted = announcement_.wanted_by(query);
  if ((!wanted.peer && !wanted.service) || own_addresses(link).empty()) return;
  const TimePoint now = system_.clock.now();
  const bool legacy = from.port != kPort;
  const bool lately = link.schedule.answered_within(LinkSchedule::kAnswerInterval, now);
  if (legacy || wanted.unicast || wanted.service || lately) {
    answer_asker(where, link, query, wanted, from);
  }
  // Implementations that ask from another port listen on this one all the same (rust-libp2p). Who
  // wants an answer for itself alone gets it, unless the others have had none for long.
  constexpr Duration kLongAgo = std::chrono::seconds(kTtlSeconds / 4);
  const bool for_one = wanted.unicast && !legacy && link.schedule.answered_within(kLongAgo, now);
  if (wanted.peer && !for_one) answer_group_by(link, now + crowd_delay(link));
  tend(where, link);
}

void Mdns::answer_asker(const Where& where, const Link& link, const DnsMessage& query,
                        const Wanted& wanted, const Endpoint& from) {
  const bool ourselves = has_address(link.interface, from.address) && from.port == kPort;
  if (ourselves || !unicast_budget_.take(system_.clock.now().time_since_epoch())) return;
  DnsMessage answer = wanted.peer ? announcement_.answer(own_addresses(link), kTtlSeconds)
                                  : announcement_.service_answer();
  if (from.port != kPort) answer = Announcement::as_legacy(std::move(answer), query);
  sockets_.send_to(from, where, answer);
}

void Mdns::answer_group_by(Link& link, TimePoint time) {
  const auto planned = link.schedule.answer_by(time);
  if (planned && *planned > system_.clock.now()) tasks_.spawn(tend_at(*planned));
}

void Mdns::handle_response(const Link& link, const DnsMessage& response, const IpAddress& from) {
  const TimePoint now = system_.clock.now();
  for (const DnsName& instance : withdrawn_instances(response, announcement_.service)) {
    found_.withdraw(instance, link.interface.index, now);
  }
  for (AnnouncedPeer& announced : announced_peers(response, announcement_.service)) {
    if (announced.peer != swarm_.local_peer()) handle_peer(link, std::move(announced), from);
  }
}

void Mdns::handle_peer(const Link& link, AnnouncedPeer announced, const IpAddress& from) {
  std::vector<Multiaddr> accepted;
  for (const Multiaddr& address : announced.addresses) {
    const auto usable = accepted_address(link.interface, address);
    if (usable) accepted.push_back(*usable);
  }
  if (accepted.empty()) return;
  announced.addresses = std::move(accepted);
  const std::uint32_t index = link.interface.index;
  const FoundPeers::News news = found_.add(announced, index, from, system_.clock.now());
  if (news == FoundPeers::News::refused) return;
  const Duration said = std::chrono::seconds(announced.ttl_seconds);
  const FoundPeer found{.peer = announced.peer,
                        .addresses = std::move(announced.addresses),
                        .interface_index = index,
                        .lifetime = std::min(said, FoundPeers::kMaxLifetime),
                        .fresh = news == FoundPeers::News::fresh};
  for (const auto& callback : when_found_) callback(found);
}

void Mdns::tell_gone() {
  for (const GonePeer& gone : found_.take_gone(system_.clock.now())) {
    for (const auto& callback : when_gone_) callback(gone);
  }
}

Duration Mdns::crowd_delay(const Link& link) {
  if (found_.count_on(link.interface.index) < kCrowd) return {};
  const auto span = static_cast<std::uint64_t>((kMaxCrowdDelay - kMinCrowdDelay).count());
  return kMinCrowdDelay + Duration(static_cast<Duration::rep>(system_.random.below(span)));
}

std::vector<Multiaddr> Mdns::own_addresses(const Link& link) const {
  if (!options_.announce) return {};
  return addresses_on(link.interface, swarm_.listen_addresses());
}

}  // namespace shoal::mdns
