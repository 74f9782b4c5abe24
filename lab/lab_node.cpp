#include "lab/lab_node.h"

#include <utility>

namespace shoal::lab {

namespace {

constexpr std::uint16_t kLabPort = 4001;

}  // namespace

LabNode::LabNode(sim::World& world, std::string name, sim::HostOptions host,
                 std::vector<Multiaddr> bootstrap)
    : name_(std::move(name)),
      host_(world.add_host(std::move(host))),
      bootstrap_(std::move(bootstrap)) {}

LabNode::~LabNode() = default;

void LabNode::start() {
  node::Config config{.home = "/home",
                      .listen = {Multiaddr::tcp({host_.address(), kLabPort})},
                      .connect = {},
                      .bootstrap = bootstrap_,
                      .dht = true,
                      .agent = "shoal/lab",
                      .ephemeral = true};
  node_ = std::make_unique<node::Node>(host_.system(), std::move(config));
  node_->start();
}

Multiaddr LabNode::address() const {
  return node_->addresses().front();
}

Task<Cid> LabNode::share(std::string path) {
  share_ = std::make_unique<service::Share>(node_->context(), node_->done_listener());
  const content::ImportResult result = co_await share_->index({std::move(path)}, {});
  share_->announce([](const routing::Provided&) {});
  co_return result.root;
}

Task<void> LabNode::get(Cid cid, std::vector<Multiaddr> providers, std::string folder,
                        bool serves) {
  service::GetOptions options{
      .link = {.cid = cid, .path = {}, .filename = "copy", .providers = std::move(providers)},
      .output = std::move(folder),
      .timeout = std::nullopt};
  get_ = std::make_unique<service::Get>(node_->context(), std::move(options));
  result_ = co_await get_->run();
  if (!serves) co_return;
  share_ = std::make_unique<service::Share>(node_->context(), node_->done_listener());
  co_await share_->adopt(cid);
  share_->announce([](const routing::Provided&) {});
}

Task<void> LabNode::stop() {
  if (!node_) co_return;
  if (share_) co_await share_->stop();
  share_.reset();
  get_.reset();
  co_await node_->stop();
  node_.reset();
}

}  // namespace shoal::lab
