#include "lab/lab_node.h"

#include <utility>

namespace shoal::lab {

namespace {

constexpr std::uint16_t kLabPort = 4001;

/// Of a network of one's own, where a DHT does not count how many are of one range of addresses.
sim::HostOptions at_home(sim::HostOptions host, std::uint32_t number) {
  if (host.addresses.empty()) {
    host.addresses.push_back(IpAddress::v4(
        {10, 1, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)}));
  }
  return host;
}

}  // namespace

LabNode::LabNode(sim::World& world, std::string name, sim::HostOptions host,
                 std::vector<Multiaddr> bootstrap)
    : world_(world),
      name_(std::move(name)),
      host_(world.add_host(at_home(std::move(host), world.host_count() + 1))),
      bootstrap_(std::move(bootstrap)),
      announcing_(world.waits(), "announcing") {}

LabNode::~LabNode() = default;

void LabNode::start() {
  node::Config config{.home = "/home",
                      .listen = {Multiaddr::tcp({host_.address(), kLabPort})},
                      .connect = {},
                      .bootstrap = bootstrap_,
                      .dht = dht_,
                      .up = up_,
                      .agent = "shoal/lab",
                      .ephemeral = true};
  node_ = std::make_unique<node::Node>(host_.system(), std::move(config));
  node_->start();
}

Multiaddr LabNode::address() const {
  return node_->addresses().front();
}

Task<Cid> LabNode::share(std::string path, std::size_t chunk_bytes) {
  content::ImportOptions options;
  options.profile.chunk_bytes = chunk_bytes;
  share_ = std::make_unique<service::Share>(node_->context(), node_->done_listener());
  const content::ImportResult result = co_await share_->index({std::move(path)}, options);
  share_->announce([](const routing::Provided&) {});
  co_return result.root;
}

Task<void> LabNode::get(Wish wish) {
  service::GetOptions options{.link = {.cid = wish.cid,
                                       .path = {},
                                       .filename = "copy",
                                       .providers = std::move(wish.providers)},
                              .output = std::move(wish.folder),
                              .replace = false,
                              .timeout = std::nullopt};
  get_ = std::make_unique<service::Get>(node_->context(), std::move(options));
  if (wish.announces) {
    get_->when_serving([this](const Cid& root) {
      announcing_.spawn(node_->routing().provide(root, [](const routing::Provided&) {}));
    });
  }
  get_->when_bad_peer([this](const content::BadPeer& bad) { accused_.push_back(bad); });
  result_ = co_await get_->run();
  done_at_ = world_.now();
  share_ = std::make_unique<service::Share>(node_->context(), node_->done_listener());
  co_await share_->adopt(wish.cid);
}

Task<void> LabNode::stop() {
  if (!node_) co_return;
  co_await announcing_.stop();
  if (share_) co_await share_->stop();
  share_.reset();
  get_.reset();
  co_await node_->stop();
  node_.reset();
}

}  // namespace shoal::lab
