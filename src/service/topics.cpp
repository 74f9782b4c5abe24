#include "service/topics.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace shoal::service {

namespace {
constexpr const char* kTag = "topic";
}

Topics::Topics(System& system, net::Swarm& swarm, routing::Routing& routing,
               const crypto::PrivateKey& identity)
    : system_(system),
      swarm_(swarm),
      routing_(routing),
      pubsub_(system, swarm, identity),
      tasks_(system.waits, "topics") {
  memberships_ = pubsub_.memberships().add(
      [this](const gossipsub::Membership& change) { membership_changed(change); });
}

Topics::~Topics() = default;

Task<void> Topics::stop() {
  stopped_ = true;
  co_await tasks_.stop();
  for (auto& [key, open] : open_) co_await open.search->stop();
  // A search whose task had no time to begin.
  for (const auto& search : ending_) co_await search->stop();
  ending_.clear();
  co_await pubsub_.stop();
}

std::unique_ptr<Topic> Topics::open(std::string name, TopicOptions options) {
  if (name.size() > gossipsub::kMaxTopicBytes) {
    throw Error(ErrorCode::limit, "the topic is too long", name);
  }
  if (!stopped_ && !pubsub_.is_started()) pubsub_.start();
  return std::unique_ptr<Topic>(new Topic(*this, std::move(name), std::move(options)));
}

void Topics::acquire(const Key& key) {
  Open& open = open_[key];
  if (++open.users > 1 || stopped_) return;
  TopicSearch::Options options{
      .topic = key.first, .announce = key.second, .count_peers = [this, name = key.first] {
        return pubsub_.peers_of(name).size();
      }};
  open.search = std::make_unique<TopicSearch>(system_, swarm_, routing_, std::move(options));
  open.search->start();
  for (const PeerId& peer : pubsub_.peers_of(key.first)) retag(peer);
  changed_.notify();
}

void Topics::release(const Key& key) {
  const auto found = open_.find(key);
  if (--found->second.users > 0) return;
  std::unique_ptr<TopicSearch> search = std::move(found->second.search);
  open_.erase(found);
  changed_.notify();
  if (stopped_ || !search) return;  // stop() has ended it
  for (const PeerId& peer : pubsub_.peers_of(key.first)) retag(peer);
  ending_.push_back(std::move(search));
  tasks_.spawn(end_search(*ending_.back()));
}

Task<void> Topics::end_search(TopicSearch& search) {
  co_await search.stop();
  std::erase_if(ending_, [&search](const auto& one) { return one.get() == &search; });
}

void Topics::membership_changed(const gossipsub::Membership& change) {
  retag(change.peer);
  for (const bool announces : {true, false}) {
    const auto open = open_.find({change.topic, announces});
    if (open == open_.end() || change.joined || !open->second.search) continue;
    open->second.search->remember(change.peer);
  }
  changed_.notify();
}

bool Topics::is_open(const std::string& name) const {
  return open_.contains({name, true}) || open_.contains({name, false});
}

void Topics::retag(const PeerId& peer) {
  const auto& peers = pubsub_.router().peers();
  const auto known = peers.find(peer);
  const bool shares = known != peers.end() &&
                      std::ranges::any_of(known->second.topics,
                                          [this](const auto& topic) { return is_open(topic); });
  if (shares == tagged_.contains(peer)) return;
  if (shares) {
    tagged_.insert(peer);
    swarm_.manager().tag(peer, kTag, kTagValue);
  } else {
    tagged_.erase(peer);
    swarm_.manager().untag(peer, kTag);
  }
}

std::vector<TopicStatus> Topics::status() const {
  std::vector<TopicStatus> own;
  std::vector<TopicStatus> foreign;
  for (const auto& [name, topic] : pubsub_.router().overlay().topics()) {
    const bool joined = is_open(name);
    if (!joined && foreign.size() == kMaxForeignNamed) continue;
    (joined ? own : foreign).push_back({name, topic.subscribers.size(), joined});
  }
  // Publishing alone leaves no trace while nobody hears it.
  for (const auto& [key, open] : open_) {
    const bool listed = std::ranges::find(own, key.first, &TopicStatus::name) != own.end();
    if (!listed) own.push_back({key.first, 0, true});
  }
  std::ranges::sort(own, {}, &TopicStatus::name);
  own.insert(own.end(), foreign.begin(), foreign.end());
  return own;
}

}  // namespace shoal::service
