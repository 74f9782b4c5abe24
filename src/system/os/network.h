#pragma once

#include <boost/asio/io_context.hpp>

#include "system/clock.h"
#include "system/network.h"

namespace shoal::os {

/// The host's own TCP and UDP.
class HostNetwork final : public Network {
 public:
  HostNetwork(boost::asio::io_context& context, Clock& clock) : context_(context), clock_(clock) {}

  using Network::connect;
  Task<std::unique_ptr<HostStream>> connect(Endpoint remote, ConnectOptions options) override;
  Task<std::unique_ptr<Stream>> connect_unix(std::string path) override;
  std::unique_ptr<Listener> listen(Endpoint local, ListenOptions options) override;
  std::unique_ptr<DatagramSocket> bind(Endpoint local, BindOptions options) override;
  /// In order, each once.
  std::vector<IpAddress> local_addresses() override;
  std::vector<NetworkInterface> interfaces() override;
  std::size_t max_open_files() const override;

 private:
  boost::asio::io_context& context_;
  Clock& clock_;
};

}  // namespace shoal::os
