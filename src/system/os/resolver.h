#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "base/error.h"
#include "system/network.h"
#include "system/waits.h"

namespace shoal::os {

/// The host's resolver: its files and name servers. Its calls block, for many seconds when no name
/// server answers, so they have threads of their own, which nobody waits for: who is cancelled goes
/// on at once, and so does the end of the world.
class HostResolver final : public Resolver {
 public:
  /// Questions that may wait for a thread; more are refused with Error{limit}.
  static constexpr std::size_t kMaxWaiting = 256;
  static constexpr unsigned kThreads = 4;
  static constexpr std::size_t kMaxAddresses = 32;
  static constexpr std::size_t kMaxTexts = 64;

  HostResolver(Waits& waits, boost::asio::io_context& context);
  ~HostResolver() override;

  Task<std::vector<IpAddress>> addresses(std::string host) override;
  Task<std::vector<std::string>> texts(std::string name) override;

  /// The answer to any question that blocks.
  template <class T>
  Task<T> ask(std::function<T()> question);

  /// Forgets every question. The context may go afterwards.
  void finish();

 private:
  struct Desk;

  Waits& waits_;
  std::shared_ptr<Desk> desk_;
};

/// Blocking. Throw Error{not_found}.
std::vector<IpAddress> look_up_addresses(const std::string& host);
std::vector<std::string> look_up_texts(const std::string& name);
/// The strings in a name server's answer, whose bytes may be anything.
std::vector<std::string> texts_in(ByteView answer, const std::string& name);

}  // namespace shoal::os
