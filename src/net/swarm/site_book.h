#pragma once

#include <cstddef>
#include <map>

#include "net/site.h"
#include "system/time.h"

namespace shoal::net {

/// How often each site knocks, and how it behaves: connections are admitted from a bucket of
/// tokens, and who breaks a protocol pays for many. Sans-I/O; forgets sites that are quiet.
class SiteBook {
 public:
  /// Connections that one site may begin at once, and each second.
  static constexpr double kBurstKnocks = 256;
  static constexpr double kKnocksPerSecond = 16;
  /// What a strike costs, in connections.
  static constexpr double kStrikeKnocks = 32;
  /// Strikes are forgotten one by one, after so long each.
  static constexpr Duration kStrikeMemory = 30s;
  static constexpr std::size_t kMostStrikes = 64;
  /// Sites remembered; beyond it the one that was quiet for longest is forgotten.
  static constexpr std::size_t kMaxSites = 4096;

  /// False: too many from there lately. Programs of this machine are always admitted: they share
  /// an address, and what they could take they need not ask us for.
  bool admit(const IpAddress& site, TimePoint now);
  /// A peer at this site broke a protocol, or held what others needed.
  void strike(const IpAddress& site, TimePoint now);
  std::size_t strikes(const IpAddress& site, TimePoint now);

  std::size_t size() const { return sites_.size(); }

 private:
  struct Site {
    double knocks = kBurstKnocks;
    std::size_t strikes = 0;
    TimePoint seen;
    TimePoint forgiven;
  };

  Site& find(const IpAddress& site, TimePoint now);
  void make_room();

  std::map<IpAddress, Site> sites_;
};

}  // namespace shoal::net
