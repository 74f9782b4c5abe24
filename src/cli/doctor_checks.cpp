#include "cli/doctor_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/units.h"

namespace shoal::cli {

namespace {

using CheckState = Check::State;

/// A clock that shows less was never set: this code is younger.
constexpr WallTime kEarliest{std::chrono::seconds(1'767'225'600)};  // 2026-01-01
constexpr WallTime kLatest{std::chrono::seconds(4'102'444'800)};    // 2100-01-01
constexpr auto kClockSlack = std::chrono::hours(1);

constexpr std::size_t kManyFiles = 4096;
constexpr std::size_t kFewFiles = 256;

/// QUIC at a gigabit a second over 50 ms has as much under way; the kernels' default is 208 KiB.
constexpr std::uint64_t kWantedBuffer = 2'500'000;

bool is_useful(const IpAddress& address) {
  return !address.is_loopback() && !address.is_link_local() && !address.is_unspecified();
}

std::vector<IpAddress> useful_addresses(const std::vector<NetworkInterface>& interfaces, bool v6) {
  std::vector<IpAddress> out;
  for (const NetworkInterface& each : interfaces) {
    if (!each.up || each.loopback) continue;
    for (const InterfaceAddress& at : each.addresses) {
      if (at.address.is_v6() == v6 && is_useful(at.address)) out.push_back(at.address);
    }
  }
  return out;
}

std::string joined_words(const std::vector<std::string>& words) {
  constexpr std::size_t kShown = 4;
  std::string out;
  for (std::size_t i = 0; i < std::min(words.size(), kShown); ++i) {
    if (i > 0) out += ", ";
    out += words[i];
  }
  if (words.size() > kShown) out += fmt::format(" and {} more", words.size() - kShown);
  return out;
}

std::string joined_words(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> words;
  for (const IpAddress& address : addresses) words.push_back(address.to_string());
  return joined_words(words);
}

std::string count_of(std::size_t number, const char* one, const char* many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

}  // namespace

std::string_view name_of(Check::State state) {
  switch (state) {
    case CheckState::good:
      return "good";
    case CheckState::poor:
      return "poor";
    case CheckState::bad:
      return "bad";
  }
  return "bad";
}

Check check_home(const HomeFacts& facts) {
  Check out{.name = "home", .state = CheckState::good, .finding = {}};
  if (facts.port_taken) {
    out.state = CheckState::poor;
    out.finding = fmt::format("{}: port {} of this home is taken by another program", facts.folder,
                              *facts.port_taken);
    out.advice =
        "links made before work again when that port is free; find its user with "
        "`ss -lntup`";
    return out;
  }
  out.finding = fmt::format("{}, port {}", facts.folder, facts.port);
  if (!facts.is_first) out.finding += "; another node of this home is running";
  return out;
}

Check check_clock(WallTime now, std::optional<WallTime> newest) {
  if (now < kEarliest || now > kLatest) {
    return {"clock", CheckState::bad, "the clock of this machine was never set",
            "certificates and signed records are refused with a wrong time: set it, or let it be "
            "set by NTP (`timedatectl set-ntp true`)"};
  }
  if (newest && *newest > now + kClockSlack) {
    const auto behind = std::chrono::duration_cast<Duration>(*newest - now);
    return {"clock", CheckState::poor,
            fmt::format("the clock went back: files of the home are {} from the future",
                        format_time(behind)),
            "let it be set by NTP (`timedatectl set-ntp true`)"};
  }
  return {"clock", CheckState::good, "set"};
}

Check check_files(std::size_t most) {
  if (most >= kManyFiles) return {"open_files", CheckState::good, fmt::format("{} allowed", most)};
  const CheckState state = most < kFewFiles ? CheckState::bad : CheckState::poor;
  return {"open_files", state, fmt::format("only {} files and sockets may be open at once", most),
          fmt::format("raise the hard limit: `ulimit -Hn {}` as root, or LimitNOFILE= of the "
                      "service",
                      kManyFiles)};
}

Check check_udp_buffers(std::optional<std::uint64_t> receive, std::optional<std::uint64_t> send) {
  if (!receive && !send) return {"udp_buffers", CheckState::good, "this system has no fixed bound"};
  const std::uint64_t least = std::min(receive.value_or(UINT64_MAX), send.value_or(UINT64_MAX));
  const std::string finding =
      fmt::format("at most {} to receive, {} to send", receive ? format_size(*receive) : "any size",
                  send ? format_size(*send) : "any size");
  if (least >= kWantedBuffer) return {"udp_buffers", CheckState::good, finding};
  return {"udp_buffers", CheckState::poor, finding,
          "fast lines lose packets: `sysctl -w net.core.rmem_max=7500000 "
          "net.core.wmem_max=7500000`"};
}

Check check_interfaces(const std::vector<NetworkInterface>& interfaces) {
  std::vector<std::string> up;
  std::vector<std::string> down;
  for (const NetworkInterface& each : interfaces) {
    if (each.loopback) continue;
    (each.up && !each.addresses.empty() ? up : down).push_back(each.name);
  }
  if (up.empty()) {
    return {
        "interfaces", CheckState::bad,
        down.empty() ? "no interface but loopback" : "no interface is up: " + joined_words(down),
        "connect this machine to a network"};
  }
  return {"interfaces", CheckState::good,
          joined_words(up) + (down.empty() ? " up" : " up, " + joined_words(down) + " down")};
}

Check check_ipv4(const std::vector<NetworkInterface>& interfaces) {
  const std::vector<IpAddress> found = useful_addresses(interfaces, false);
  if (found.empty()) {
    return {"ipv4", CheckState::poor, "no IPv4 address",
            "peers that have IPv4 alone are reached through relays only"};
  }
  const bool is_public =
      std::ranges::any_of(found, [](const IpAddress& each) { return !each.is_private(); });
  return {"ipv4", CheckState::good, joined_words(found) + (is_public ? "" : ", private")};
}

Check check_ipv6(const std::vector<NetworkInterface>& interfaces) {
  const std::vector<IpAddress> found = useful_addresses(interfaces, true);
  const bool is_public =
      std::ranges::any_of(found, [](const IpAddress& each) { return !each.is_private(); });
  if (is_public) return {"ipv6", CheckState::good, joined_words(found)};
  return {"ipv6", CheckState::poor,
          found.empty() ? "no IPv6 address" : joined_words(found) + ", of this site alone",
          "with IPv6 peers need no NAT traversal: turn it on in the router, or ask the provider"};
}

Check check_udp(const UdpFacts& facts) {
  if (!facts.can_bind) {
    return {"udp", CheckState::bad, "no UDP socket can be opened",
            "allow UDP on this machine; till then everything goes by TCP"};
  }
  if (facts.sent == SendResult::failed || !facts.came_back) {
    return {"udp", CheckState::bad, "a firewall of this machine blocks UDP",
            "allow it (`nft list ruleset` shows the rules); QUIC and hole punching need it, till "
            "then everything goes by TCP"};
  }
  if (facts.peers_asked == 0) {
    return {"udp", CheckState::good, "allowed on this machine; no peer to try it with"};
  }
  if (facts.peers_answered == 0) {
    return {"udp", CheckState::bad,
            fmt::format("{} not answer by UDP, but by TCP",
                        count_of(facts.peers_asked, "peer does", "peers do")),
            "a firewall on the way blocks UDP: ask who runs the network; till then everything goes "
            "by TCP, and hole punching works less often"};
  }
  return {"udp", CheckState::good,
          fmt::format("{} of {} answered by QUIC", facts.peers_answered,
                      count_of(facts.peers_asked, "peer", "peers"))};
}

Check check_peers(const PeerFacts& facts) {
  if (facts.named == 0 && facts.connected == 0) {
    return {"peers", CheckState::poor, "nobody to ask: no peer is connected",
            "name one with --connect or --bootstrap, so that it can tell how this node looks from "
            "outside"};
  }
  if (facts.connected == 0) {
    std::string why = facts.failures.empty() ? std::string() : ": " + facts.failures.front();
    return {
        "peers", CheckState::bad,
        fmt::format("of {} none can be connected{}", count_of(facts.named, "peer", "peers"), why),
        "is shoal still running there, and does this network let connections out?"};
  }
  std::string finding = count_of(facts.connected, "peer", "peers") + " connected";
  if (facts.relayed > 0) finding += fmt::format(", {} of them by a relay", facts.relayed);
  if (facts.failures.empty()) return {"peers", CheckState::good, finding};
  return {"peers", CheckState::poor,
          fmt::format("{}, {} not: {}", finding, facts.failures.size(), facts.failures.front()),
          "is shoal still running there?"};
}

Check check_nat(const std::vector<Seen>& seen, const std::vector<IpAddress>& own) {
  std::set<IpAddress> outside;
  std::set<IpAddress> mapped;  // that no interface has
  bool keeps_ports = true;
  bool differs = false;
  for (const Seen& each : seen) {
    const IpAddress address = each.seen.address.normalised();
    outside.insert(address);
    if (std::ranges::find(own, address) != own.end()) continue;
    mapped.insert(address);
    keeps_ports &= each.seen.port == each.ours.port;
    for (const Seen& other : seen) {
      differs |= other.udp == each.udp && other.ours == each.ours &&
                 other.seen.address.is_v6() == each.seen.address.is_v6() && other.seen != each.seen;
    }
  }
  if (outside.empty()) {
    return {"nat", CheckState::poor, "unknown: nobody outside of this network was asked",
            "name a peer elsewhere with --connect or --bootstrap"};
  }
  if (mapped.empty())
    return {"nat", CheckState::good, "none: peers see this machine's own address"};
  const std::string as = joined_words(std::vector<IpAddress>(mapped.begin(), mapped.end()));
  if (differs) {
    return {"nat", CheckState::poor,
            fmt::format("symmetric: peers see {}, each another port of one socket", as),
            "two such machines meet by a relay only: forward a port in the router and name it with "
            "--announce, or use --relay"};
  }
  const char* const ports = keeps_ports ? "keeps ports" : "changes ports";
  const char* const sure = seen.size() > 1 ? "" : "; more peers would tell more";
  return {"nat", CheckState::good, fmt::format("peers see {}, the NAT {}{}", as, ports, sure)};
}

Check check_port_mapping(const MappingFacts& facts) {
  if (!facts.mapped.empty()) {
    return {"port_mapping", CheckState::good,
            fmt::format("the router forwards {} ({})", joined_words(facts.mapped), facts.protocol)};
  }
  if (!facts.has_private_address) {
    return {"port_mapping", CheckState::good, "not needed: no private IPv4 address"};
  }
  if (!facts.asked) {
    return {"port_mapping", CheckState::poor, "off",
            "leave --no-port-mapping out, and the router is asked to forward the port"};
  }
  return {"port_mapping", CheckState::poor, facts.failure.empty() ? "unknown yet" : facts.failure,
          "turn on UPnP, NAT-PMP or PCP in the router, or forward a port by hand and name it with "
          "--announce; without it peers come by hole punching or a relay"};
}

Check check_reachability(const ReachFacts& facts) {
  if (!facts.reached.empty()) {
    return {"reachability", CheckState::good,
            "others reach this node at " + joined_words(facts.reached)};
  }
  if (facts.peers_that_try == 0) {
    return {"reachability", CheckState::poor, "unknown: no connected peer tries it (AutoNAT)",
            "name one outside of this network with --connect or --bootstrap"};
  }
  if (facts.not_reached.empty()) {
    return {"reachability", CheckState::poor,
            fmt::format("unknown: {} did not try in time",
                        count_of(facts.peers_that_try, "peer", "peers")),
            "ask again in a minute, or name others outside of this network with --connect or "
            "--bootstrap"};
  }
  if (facts.relays > 0) {
    return {"reachability", CheckState::poor,
            fmt::format("by {} only, not directly at {}", count_of(facts.relays, "relay", "relays"),
                        joined_words(facts.not_reached)),
            "forward a port in the router and name it with --announce"};
  }
  return {"reachability", CheckState::bad,
          "others do not reach this node at " + joined_words(facts.not_reached),
          "forward its port in the router or open it in the firewall, and name it with --announce; "
          "or name a relay with --relay"};
}

Check check_dht(const std::optional<DhtFacts>& facts) {
  if (!facts) {
    return {"dht", CheckState::poor, "this node is in none",
            "name a peer of a network with --bootstrap, or take part in the public one with "
            "--public"};
  }
  const std::string mode = facts->server ? "server: answers others" : "client: only asks";
  const std::string finding =
      fmt::format("{}; {} known", mode, count_of(facts->peers, "peer", "peers"));
  if (facts->peers > 0) return {"dht", CheckState::good, finding};
  return {"dht", CheckState::poor, finding,
          "nothing is found in it by a CID alone: name a peer of it with --bootstrap"};
}

}  // namespace shoal::cli
