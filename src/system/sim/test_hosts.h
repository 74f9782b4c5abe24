#pragma once

#include <memory>
#include <string>
#include <utility>

#include "system/network.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::sim {

/// Two streams that are the two ends of one, for tests.
struct StreamPair {
  std::unique_ptr<HostStream> client;
  std::unique_ptr<HostStream> server;
};

inline Task<void> accept_into(Listener& listener, std::unique_ptr<HostStream>& into) {
  into = co_await listener.accept();
}

/// Connects two hosts of a world, by a port of its own each time.
inline StreamPair connect_pair(World& world, Host& client, Host& server) {
  auto listener = server.system().network.listen({server.address(), 0});
  StreamPair pair;
  TaskGroup tasks(world.waits(), "accept");
  tasks.spawn(accept_into(*listener, pair.server));
  pair.client = world.run(client.system().network.connect(listener->local()));
  world.run(tasks.join());
  return pair;
}

}  // namespace shoal::sim
