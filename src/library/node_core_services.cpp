#include <utility>

#include "base/error.h"
#include "library/download.h"
#include "library/looking.h"
#include "library/node_core.h"
#include "library/parse.h"

// What a node does for the program: shares, downloads, topics, tunnels.

namespace shoal::library {

bool NodeCore::has_block(const std::string& cid) {
  bool out = false;
  call(*loop_, [this, &cid, &out] { out = library::has_block(*this, cid); });
  return out;
}

Task<std::shared_ptr<ShareCore>> NodeCore::share(std::vector<std::string> paths,
                                                 ShareOptions options) {
  auto fresh = std::make_shared<ShareCore>(loop_, node(), uncaught_);
  Task<void> indexing = fresh->index(std::move(paths), std::move(options));
  co_return co_await keep_share(std::move(fresh), std::move(indexing));
}

Task<std::shared_ptr<ShareCore>> NodeCore::seed(std::string link) {
  auto fresh = std::make_shared<ShareCore>(loop_, node(), uncaught_);
  const service::Link parsed = to_link(link, {}, {});
  if (!parsed.path.empty()) {
    throw Error(ErrorCode::usage, "a path below what is seeded", link, "seed what was got");
  }
  Task<void> adopting = fresh->adopt(parsed.cid);
  co_return co_await keep_share(std::move(fresh), std::move(adopting));
}

Task<std::shared_ptr<ShareCore>> NodeCore::keep_share(std::shared_ptr<ShareCore> share,
                                                      Task<void> begun) {
  std::erase_if(shares_, [](const auto& one) { return one->ended(); });
  shares_.push_back(share);
  std::exception_ptr failure;
  try {
    co_await std::move(begun);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await share->end();
    std::rethrow_exception(failure);
  }
  co_return share;
}

Task<GetResult> NodeCore::get(std::string link, GetOptions options) {
  return library::get(node(), std::move(link), std::move(options));
}

std::shared_ptr<TopicCore> NodeCore::join(std::string topic, TopicOptions options) {
  std::shared_ptr<TopicCore> out;
  call(*loop_, [&] {
    std::erase_if(topics_, [](const auto& one) { return one->ended(); });
    out =
        std::make_shared<TopicCore>(loop_, node(), uncaught_, std::move(topic), std::move(options));
    topics_.push_back(out);
  });
  return out;
}

std::string NodeCore::expose(const std::string& name, const std::string& target, Handler handler,
                             ExposeOptions options) {
  Exposed::Serve serve;
  if (handler) {
    serve = [this, shared = std::make_shared<const Handler>(std::move(handler))](
                const PeerId& peer, std::unique_ptr<Stream> stream) {
      jobs_.spawn(handle(shared, {std::move(stream), tunnel::kProtocol, peer, 0}));
    };
  }
  std::string ticket;
  call(*loop_, [&] {
    if (!exposed_) exposed_ = std::make_unique<Exposed>(node(), uncaught_);
    ticket = exposed_->add(name, target, std::move(serve), std::move(options));
  });
  return ticket;
}

void NodeCore::unexpose(const std::string& name) {
  call(*loop_, [this, &name] {
    node();
    if (exposed_) exposed_->remove(name);
  });
}

Task<std::shared_ptr<TunnelCore>> NodeCore::connect_tunnel(std::string ticket,
                                                           TunnelOptions options) {
  service::TunnelConnector::Callbacks callbacks;
  if (options.on_change) {
    const std::function<void(bool, const std::string&)> tell =
        reporting(uncaught_, "TunnelOptions::on_change", std::move(options.on_change));
    callbacks.connected = [tell](net::Path) { tell(true, {}); };
    callbacks.lost = [tell](const std::string& reason) { tell(false, reason); };
  }
  auto tunnel = std::make_shared<TunnelCore>(
      loop_, node(), service::TunnelTicket::parse(ticket), std::move(callbacks),
      [this](net::ProtocolStream stream) { return hand_over(std::move(stream)); });
  std::erase_if(tunnels_, [](const auto& one) { return one->ended(); });
  tunnels_.push_back(tunnel);
  std::exception_ptr failure;
  try {
    co_await tunnel->begin(std::move(options.listen));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await tunnel->end();
    std::rethrow_exception(failure);
  }
  co_return tunnel;
}

Task<void> NodeCore::end_tunnels() {
  for (const auto& tunnel : std::exchange(tunnels_, {})) co_await tunnel->end();
  if (exposed_) co_await exposed_->stop();
}

}  // namespace shoal::library
