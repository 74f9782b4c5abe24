#pragma once

#include <list>
#include <vector>

#include "system/event.h"
#include "system/network.h"

namespace shoal::sim {

class Connection;
class HostNetwork;

class HostListener final : public Listener {
 public:
  HostListener(HostNetwork& network, Endpoint local, ListenOptions options);
  ~HostListener() override;

  Endpoint local() const override { return local_; }
  Task<std::unique_ptr<HostStream>> accept() override;

  bool dual_stack() const { return options_.dual_stack; }
  /// Whether the backlog takes no more.
  bool full() const;
  /// A connection that owes the last part of its exchange; then one that is whole, or broken.
  void begun(Connection& connection);
  void established(Connection& connection);
  void broken(Connection& connection);

 private:
  HostNetwork& network_;
  Endpoint local_;
  ListenOptions options_;
  std::vector<Connection*> half_open_;
  std::list<std::unique_ptr<HostStream>> ready_;
  Event arrived_;
};

}  // namespace shoal::sim
