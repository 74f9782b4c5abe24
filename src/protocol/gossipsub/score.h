#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "format/peer_id.h"
#include "protocol/gossipsub/parameters.h"
#include "system/time.h"

namespace shoal::gossipsub {

/// Scores of peers from what they did: gossipsub v1.1, "The Score Function". All 0 when scoring is
/// off. What is said of an unknown peer is ignored.
class PeerScore {
 public:
  /// Disconnected peers whose score is kept; the one whose time ends first goes.
  static constexpr std::size_t kMaxRetained = 4096;

  /// Borrows for its life.
  explicit PeerScore(const ScoreParameters& parameters) : parameters_(parameters) {}

  /// `prefix`: an IPv4 address or the /64 of an IPv6 one, where it counts for colocation.
  void connected(const PeerId& peer, std::optional<IpAddress> prefix);
  /// Forgets a peer with a positive score, so that it has to earn it again.
  void disconnected(const PeerId& peer, TimePoint now);

  double score(const PeerId& peer) const;
  const ScoreThresholds& thresholds() const { return parameters_.thresholds; }

  void grafted(const PeerId& peer, const std::string& topic, TimePoint now);
  void pruned(const PeerId& peer, const std::string& topic);
  void first_delivery(const PeerId& peer, const std::string& topic);
  /// Within mesh_deliveries_window of the first.
  void near_first_delivery(const PeerId& peer, const std::string& topic);
  void invalid_message(const PeerId& peer, const std::string& topic);
  /// P7.
  void penalise(const PeerId& peer, double count = 1);
  /// P5.
  void set_application_score(const PeerId& peer, double score);

  const TopicScoreParameters& topic(const std::string& name) const;

  /// Decays all counters once per decay_interval that has passed, to be called each heartbeat.
  void decay(TimePoint now);

  std::size_t retained() const { return retained_.size(); }
  /// Topics in which the peer has any standing.
  std::size_t topics_of(const PeerId& peer) const;

 private:
  struct TopicStats {
    bool in_mesh = false;
    TimePoint grafted_at{};
    Duration mesh_time{0};
    bool deliveries_active = false;
    double first_deliveries = 0;
    double mesh_deliveries = 0;
    double mesh_failure = 0;
    double invalid_messages = 0;

    bool is_blank() const {
      return !in_mesh && first_deliveries == 0 && mesh_deliveries == 0 && mesh_failure == 0 &&
             invalid_messages == 0;
    }
  };
  struct PeerStats {
    bool connected = true;
    TimePoint expires{};
    std::map<std::string, TopicStats> topics;
    std::optional<IpAddress> prefix;
    double behaviour = 0;
    double application = 0;
  };
  using Peers = std::map<PeerId, PeerStats>;

  TopicStats* stats(const PeerId& peer, const std::string& topic);
  double topic_score(const std::string& name, const TopicStats& stats) const;
  double colocation(const PeerStats& peer) const;
  void note_mesh_failure(const std::string& topic, TopicStats& stats) const;
  void decay_peer(PeerStats& peer, TimePoint now);
  void decay_topic(const TopicScoreParameters& rules, TopicStats& stats, TimePoint now) const;
  void set_prefix(PeerStats& peer, std::optional<IpAddress> prefix);
  void forget(Peers::iterator peer);
  void forget_expired(TimePoint now);

  const ScoreParameters& parameters_;
  Peers peers_;
  std::map<IpAddress, std::size_t> by_prefix_;
  std::multimap<TimePoint, PeerId> retained_;  // by the end of their time
  std::optional<TimePoint> decayed_at_;
};

}  // namespace shoal::gossipsub
