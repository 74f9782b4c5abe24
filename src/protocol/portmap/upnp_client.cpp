#include "protocol/portmap/upnp_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "protocol/portmap/upnp_message.h"
#include "system/timeout.h"

namespace shoal::portmap {

namespace {

constexpr std::uint64_t kFirstPort = 10'000;
constexpr std::uint64_t kEndPort = 60'000;
constexpr std::size_t kReadBytes = 4096;
constexpr int kHttpOk = 200;

constexpr auto kUpnpLeaseSeconds =
    static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(kLease).count());

/// Sends one request over a connection of its own. `own` is set to the address it came from.
Task<upnp::HttpAnswer> exchange(System& system, Endpoint host, std::string request,
                                IpAddress* own) {
  const std::unique_ptr<HostStream> stream = co_await system.network.connect(host);
  if (own != nullptr) *own = stream->local().address.normalised();
  co_await write_all(*stream, as_bytes(request));
  Bytes got;
  while (true) {
    Bytes piece(kReadBytes);
    const std::size_t count = co_await stream->read_some(piece);
    append(got, ByteView(piece).first(count));
    if (auto answer = upnp::decode_http(as_text(got), count == 0)) co_return std::move(*answer);
  }
}

Task<upnp::HttpAnswer> request(System& system, Endpoint host, std::string text,
                               IpAddress* own = nullptr) {
  Task<upnp::HttpAnswer> asking = exchange(system, host, std::move(text), own);
  co_return co_await within(system.clock, kUpnpRequestTime, std::move(asking), "asking the router");
}

class UpnpGateway final : public Gateway {
 public:
  UpnpGateway(System& system, upnp::Service service, IpAddress own)
      : system_(system), service_(std::move(service)), own_(std::move(own)) {}

  std::string_view protocol() const override { return "UPnP"; }

  Task<Granted> map(Port port, std::uint16_t wanted) override {
    const std::string question = upnp::outside_request(service_);
    const upnp::HttpAnswer answer = co_await request(system_, service_.control.host, question);
    if (answer.status != kHttpOk) throw_refusal(upnp::decode_refusal(answer));
    const IpAddress outside = upnp::decode_outside(answer.body);
    for (int attempt = 1;; ++attempt) {
      const upnp::Refusal refusal = co_await add(port, wanted);
      if (refusal.code == 0) break;
      const bool is_taken = refusal.code == upnp::Refusal::kConflict;
      if (!is_taken || attempt == kUpnpPortTries) throw_refusal(refusal);
      wanted = static_cast<std::uint16_t>(kFirstPort + system_.random.below(kEndPort - kFirstPort));
    }
    co_return Granted{.outside = {.address = outside, .port = wanted}, .lifetime = kLease};
  }

  Task<void> unmap(Port port, std::uint16_t outside) override {
    const std::string question = upnp::delete_request(service_, port, outside);
    const upnp::HttpAnswer answer = co_await request(system_, service_.control.host, question);
    if (answer.status != kHttpOk) throw_refusal(upnp::decode_refusal(answer));
  }

 private:
  /// Code 0: done.
  Task<upnp::Refusal> add(Port port, std::uint16_t outside) {
    const upnp::Mapping mapping{
        .port = port, .outside = outside, .own = own_, .lease_seconds = lease_seconds_};
    const std::string question = upnp::add_request(service_, mapping);
    const upnp::HttpAnswer answer = co_await request(system_, service_.control.host, question);
    if (answer.status == kHttpOk) co_return upnp::Refusal{};
    upnp::Refusal refusal = upnp::decode_refusal(answer);
    // Old routers forward for ever or not at all: what is asked anew all the same is one mapping.
    if (refusal.code != upnp::Refusal::kOnlyPermanent || lease_seconds_ == 0) co_return refusal;
    lease_seconds_ = 0;
    co_return co_await add(port, outside);
  }

  [[noreturn]] static void throw_refusal(const upnp::Refusal& refusal) {
    throw Error(ErrorCode::refused,
                "the router refuses: " + std::to_string(refusal.code) + " " + refusal.reason);
  }

  System& system_;
  const upnp::Service service_;
  const IpAddress own_;
  std::uint32_t lease_seconds_ = kUpnpLeaseSeconds;
};

/// Finds routers by asking all devices of the network.
class Search {
 public:
  Search(System& system, const IpAddress& own) : system_(system), own_(own) {
    for (const NetworkInterface& each : system_.network.interfaces()) {
      for (const InterfaceAddress& at : each.addresses) {
        if (at.address != own || !each.multicast) continue;
        network_ = at;
        interface_ = each.index;
      }
    }
  }

  Task<std::vector<upnp::Url>> run() {
    if (interface_ == 0) co_return std::vector<upnp::Url>{};
    const auto socket = system_.network.bind({own_, 0});
    const std::string text = upnp::search_request();
    const DatagramSocket::SendOptions options{.interface_index = interface_};
    // Twice: one may be lost.
    for (int i = 0; i < 2; ++i) {
      if (socket->send(upnp::search_group(), as_bytes(text), options) == SendResult::unreachable) {
        co_return std::vector<upnp::Url>{};
      }
    }
    try {
      co_await within(system_.clock, kUpnpSearchTime, listen(*socket), "looking for a router");
    } catch (const Error& error) {
      if (error.code() != ErrorCode::timeout) throw;
    }
    co_return std::move(found_);
  }

 private:
  /// The first that answers may be none that forwards: others get a little time.
  Task<void> listen(DatagramSocket& socket) {
    co_await receive(socket);
    try {
      co_await within(system_.clock, kUpnpOthersTime, listen_on(socket), "other routers");
    } catch (const Error& error) {
      if (error.code() != ErrorCode::timeout) throw;
    }
  }

  Task<void> listen_on(DatagramSocket& socket) {
    while (answers_ < kUpnpMaxAnswers && found_.size() < kUpnpMaxRouters) co_await receive(socket);
  }

  /// Until there is one more that is found.
  Task<void> receive(DatagramSocket& socket) {
    Bytes buffer(upnp::kMaxSearchAnswerBytes + 1);
    const std::size_t before = found_.size();
    while (found_.size() == before && answers_ < kUpnpMaxAnswers) {
      ++answers_;
      const DatagramSocket::Received got = co_await socket.receive(buffer);
      try {
        take(got.from.address.normalised(), as_text(ByteView(buffer).first(got.bytes)));
      } catch (const Error& error) {
        log_debug("UPnP: {} sends rubbish: {}", got.from.to_string(), error.what());
      }
    }
  }

  void take(const IpAddress& from, std::string_view text) {
    const auto place = upnp::decode_search_answer(text);
    if (!place) return;
    if (place->host.address != from || !network_.covers(from) || from == own_) {
      throw Error(ErrorCode::refused, "sends us to another host");
    }
    if (std::ranges::find(found_, *place) == found_.end()) found_.push_back(*place);
  }

  System& system_;
  const IpAddress own_;
  InterfaceAddress network_;
  std::uint32_t interface_ = 0;
  int answers_ = 0;
  std::vector<upnp::Url> found_;
};

Task<std::unique_ptr<Gateway>> ask_what_it_is(System& system, upnp::Url place) {
  IpAddress own;
  const std::string question = upnp::get_request(place);
  const upnp::HttpAnswer answer = co_await request(system, place.host, question, &own);
  if (answer.status != kHttpOk) {
    throw Error(ErrorCode::malformed, "the router does not describe itself");
  }
  const upnp::Service service = upnp::decode_description(answer.body, place);
  co_return std::make_unique<UpnpGateway>(system, service, own);
}

}  // namespace

Task<std::unique_ptr<Gateway>> find_upnp_gateway(System& system, IpAddress own,
                                                 std::optional<IpAddress> router) {
  Search search(system, own);
  std::vector<upnp::Url> places = co_await search.run();
  std::ranges::stable_partition(
      places, [&](const upnp::Url& place) { return place.host.address == router; });
  std::string reasons;
  for (const upnp::Url& place : places) {
    try {
      co_return co_await ask_what_it_is(system, place);
    } catch (const Error& error) {
      reasons += fmt::format("; {}: {}", place.host.to_string(), error.message());
    }
  }
  throw Error(ErrorCode::not_found, "no router answers by UPnP" + reasons);
}

}  // namespace shoal::portmap
