#include "lab/records.h"

#include <algorithm>

namespace shoal::lab {

std::vector<Record> provide_some(LightNet& net, std::size_t count) {
  std::vector<Record> out;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t provider = net.any_up();
    const Multihash content = Multihash::sha2_256(net.random().bytes(16));
    LightNode& node = net.node(provider);
    net.world().run(node.provide(content));
    net.world().run(node.settle());
    out.push_back({content, provider});
  }
  return out;
}

std::size_t living_holders(LightNet& net, const Record& record) {
  std::size_t out = 0;
  for (std::uint32_t i = 0; i < net.size(); ++i) {
    if (i == record.provider || !net.up(i) || !net.made(i)) continue;
    const auto key = kad::Key::of(record.content);
    out += net.node(i).providers().find(key, net.world().now()).empty() ? 0 : 1;
  }
  return out;
}

std::size_t closest_holders(LightNet& net, const Record& record) {
  const auto key = kad::Key::of(record.content);
  std::vector<std::uint32_t> closest = net.closest(key, kad::kReplication + 1);
  std::erase(closest, record.provider);
  if (closest.size() > kad::kReplication) closest.resize(kad::kReplication);
  return static_cast<std::size_t>(std::ranges::count_if(closest, [&](std::uint32_t i) {
    return net.made(i) && !net.node(i).providers().find(key, net.world().now()).empty();
  }));
}

bool finds(LightNet& net, std::uint32_t asker, const Record& record) {
  const std::vector<PeerId> found =
      net.world().run(net.node(asker).find_providers(record.content, 1));
  return std::ranges::find(found, net.id(record.provider)) != found.end();
}

}  // namespace shoal::lab
