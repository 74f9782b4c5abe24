#include "protocol/portmap/pmp_client.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "protocol/portmap/pmp_message.h"
#include "system/timeout.h"

namespace shoal::portmap {

namespace {

constexpr auto kLeaseSeconds =
    static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(kLease).count());

/// Whether a datagram of the router answers what was asked; throws what the answer means.
using IsAnswer = std::function<bool(ByteView)>;

/// One request at a time, from a port of its own, so that nobody elsewhere can guess where an
/// answer is awaited.
class Exchange {
 public:
  Exchange(System& system, IpAddress router)
      : system_(system), router_{std::move(router), kPmpPort} {}

  Task<void> ask(Bytes request, IsAnswer is_answer) {
    const auto socket = system_.network.bind({IpAddress::any_v4(), 0});
    Duration wait = kPmpFirstWait;
    rubbish_ = 0;
    for (int attempt = 1;; ++attempt) {
      const SendResult sent = socket->send(router_, request);
      if (sent != SendResult::sent && sent != SendResult::blocked) {
        throw Error(ErrorCode::unreachable, "no way to the router", router_.to_string());
      }
      try {
        Task<void> answering = answer(*socket, is_answer);
        co_await within(system_.clock, wait, std::move(answering), "asking the router");
        co_return;
      } catch (const Error& error) {
        if (error.code() != ErrorCode::timeout || attempt == kPmpTries) throw;
      }
      wait *= 2;
    }
  }

 private:
  Task<void> answer(DatagramSocket& socket, const IsAnswer& is_answer) {
    Bytes buffer(kMaxPmpBytes + 1);
    while (true) {
      const DatagramSocket::Received got = co_await socket.receive(buffer);
      const bool is_router =
          got.from.address.normalised() == router_.address && got.from.port == router_.port;
      if (is_router && is_answer(ByteView(buffer).first(got.bytes))) co_return;
      if (++rubbish_ > kPmpMaxRubbish) {
        throw Error(ErrorCode::limit, "too much that is no answer", router_.to_string());
      }
    }
  }

  System& system_;
  const Endpoint router_;
  int rubbish_ = 0;
};

class PcpGateway final : public Gateway {
 public:
  PcpGateway(System& system, IpAddress router, IpAddress own)
      : system_(system), own_(std::move(own)), exchange_(system, std::move(router)) {}

  std::string_view protocol() const override { return "PCP"; }

  Task<Granted> map(Port port, std::uint16_t wanted) override {
    const pcp::Mapped mapped =
        co_await ask({.port = port, .wanted_outside = wanted, .lifetime_seconds = kLeaseSeconds});
    co_return Granted{.outside = mapped.outside,
                      .lifetime = bounded_lease(mapped.lifetime_seconds)};
  }

  Task<void> unmap(Port port, std::uint16_t outside) override {
    co_await ask({.port = port, .wanted_outside = outside, .lifetime_seconds = 0});
    nonces_.erase(port);
  }

 private:
  Task<pcp::Mapped> ask(PmpRequest request) {
    const pcp::Nonce nonce = nonce_of(request.port);
    pcp::Mapped out;
    const auto is_answer = [&out, &nonce, &request](ByteView bytes) {
      out = pcp::decode_mapped(bytes);
      return out.nonce == nonce && out.port == request.port;
    };
    co_await exchange_.ask(pcp::map_request(request, own_, nonce), is_answer);
    co_return out;
  }

  /// Of a mapping for its life: RFC 6887, section 11.2.
  const pcp::Nonce& nonce_of(const Port& port) {
    const auto [found, is_new] = nonces_.try_emplace(port);
    if (is_new)
      std::ranges::copy(system_.random.bytes(found->second.size()), found->second.begin());
    return found->second;
  }

  System& system_;
  const IpAddress own_;
  Exchange exchange_;
  std::map<Port, pcp::Nonce> nonces_;
};

class NatPmpGateway final : public Gateway {
 public:
  NatPmpGateway(System& system, IpAddress router) : exchange_(system, std::move(router)) {}

  std::string_view protocol() const override { return "NAT-PMP"; }

  Task<Granted> map(Port port, std::uint16_t wanted) override {
    IpAddress outside;
    const auto is_outside = [&outside](ByteView bytes) {
      outside = natpmp::decode_outside(bytes);
      return true;
    };
    co_await exchange_.ask(natpmp::outside_request(), is_outside);
    const natpmp::Mapped mapped =
        co_await ask({.port = port, .wanted_outside = wanted, .lifetime_seconds = kLeaseSeconds});
    co_return Granted{.outside = {.address = outside, .port = mapped.outside},
                      .lifetime = bounded_lease(mapped.lifetime_seconds)};
  }

  Task<void> unmap(Port port, std::uint16_t outside) override {
    co_await ask({.port = port, .wanted_outside = outside, .lifetime_seconds = 0});
  }

 private:
  Task<natpmp::Mapped> ask(PmpRequest request) {
    natpmp::Mapped out;
    const auto is_answer = [&out, &request](ByteView bytes) {
      out = natpmp::decode_mapped(bytes);
      return out.port == request.port;
    };
    co_await exchange_.ask(natpmp::map_request(request), is_answer);
    co_return out;
  }

  Exchange exchange_;
};

}  // namespace

std::unique_ptr<Gateway> make_pcp_gateway(System& system, IpAddress router, IpAddress own) {
  return std::make_unique<PcpGateway>(system, std::move(router), std::move(own));
}

std::unique_ptr<Gateway> make_natpmp_gateway(System& system, IpAddress router) {
  return std::make_unique<NatPmpGateway>(system, std::move(router));
}

}  // namespace shoal::portmap
