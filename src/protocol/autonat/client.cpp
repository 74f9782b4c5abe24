#include "protocol/autonat/client.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "net/framing.h"
#include "protocol/autonat/message.h"
#include "system/timeout.h"

namespace shoal::autonat {

namespace {

/// A server may dial for so long before it answers.
constexpr Duration kAnswerTimeout = 45s;

/// The wish for data, and the answer itself.
constexpr std::size_t kMaxAnswers = 2;

Task<Message> next_answer(System& system, Stream& stream) {
  Task<std::optional<Bytes>> reading = net::read_message(stream, kMaxMessageBytes);
  const auto bytes = co_await within(system.clock, kAnswerTimeout, std::move(reading), "AutoNAT");
  if (!bytes) throw Error(ErrorCode::closed, "the stream ended before an AutoNAT answer");
  co_return decode(*bytes);
}

Task<void> send_data(Stream& stream, std::uint64_t wanted) {
  if (wanted > kMaxDialData)
    throw Error(ErrorCode::limit, "AutoNAT: the peer wants too much data for a dial");
  const Bytes part = encode(DialDataResponse{.data = Bytes(DialDataResponse::kMaxBytes)});
  for (std::uint64_t sent = 0; sent < wanted; sent += DialDataResponse::kMaxBytes)
    co_await net::write_message(stream, part);
}

/// Whether both are of one transport: the ports differ behind a router.
bool same_transport(const Multiaddr& a, const Multiaddr& b) {
  const auto one = a.components();
  const auto other = b.components();
  return std::ranges::equal(one, other, {}, &Multiaddr::Component::code,
                            &Multiaddr::Component::code);
}

}  // namespace

/// A nonce that may come; forgotten at the end.
class Client::Pending {
 public:
  Pending(std::map<std::uint64_t, Arrived>& pending, std::uint64_t nonce)
      : pending_(pending), nonce_(nonce) {
    pending_.try_emplace(nonce_);
  }
  ~Pending() { pending_.erase(nonce_); }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

 private:
  std::map<std::uint64_t, Arrived>& pending_;
  const std::uint64_t nonce_;
};

Client::Client(System& system, net::Swarm& swarm) : system_(system), swarm_(swarm) {
  swarm_.protocols().add(kDialBackProtocol, [this](net::ProtocolStream stream) {
    return take_dial_back(std::move(stream));
  });
}

Task<std::optional<Probe>> Client::probe(PeerId server, std::vector<Multiaddr> addresses) {
  if (pending_.size() >= kMaxPending)
    throw Error(ErrorCode::limit, "too many AutoNAT requests at once");
  if (addresses.size() > DialRequest::kMaxAddresses) addresses.resize(DialRequest::kMaxAddresses);
  const std::uint64_t nonce = system_.random.next();
  const Pending pending(pending_, nonce);
  co_return co_await ask(std::move(server), std::move(addresses), nonce);
}

Task<std::optional<Probe>> Client::ask(PeerId server, std::vector<Multiaddr> addresses,
                                       std::uint64_t nonce) {
  const net::IngressLimiter::Solicited solicited =
      swarm_.expect(server, kMaxAnswers * kMaxMessageBytes);
  net::ProtocolStream opened = co_await swarm_.open(std::move(server), {kDialRequestProtocol});
  Stream& stream = *opened.stream;
  DialRequest request{.nonce = nonce};
  for (const Multiaddr& address : addresses) request.addresses.push_back(address.encoded());
  const Bytes encoded = encode(request);
  co_await net::write_message(stream, encoded);
  Message answer = co_await next_answer(system_, stream);
  if (const auto* const price = std::get_if<DialDataRequest>(&answer)) {
    if (price->address_index >= addresses.size())
      throw Error(ErrorCode::malformed, "AutoNAT: an address that we did not name");
    co_await send_data(stream, price->bytes);
    answer = co_await next_answer(system_, stream);
  }
  const auto* const response = std::get_if<DialResponse>(&answer);
  if (response == nullptr) throw Error(ErrorCode::malformed, "AutoNAT: no answer to a request");
  if (response->status != ResponseStatus::ok) co_return std::nullopt;
  if (response->address_index >= addresses.size())
    throw Error(ErrorCode::malformed, "AutoNAT: an address that we did not name");
  Probe out{.address = addresses[response->address_index]};
  if (response->dial_status == DialStatus::dial_error) co_return out;
  const Arrived& arrived = pending_.at(nonce);
  out.reachable = response->dial_status == DialStatus::ok && arrived.has_value() &&
                  same_transport(*arrived, out.address);
  if (!out.reachable) co_return std::nullopt;
  co_return out;
}

/// Its sender may have an identity of its own: the nonce alone tells what it belongs to.
Task<void> Client::take_dial_back(net::ProtocolStream stream) {
  Task<std::optional<Bytes>> reading = net::read_message(*stream.stream, kMaxMessageBytes);
  const auto bytes = co_await within(system_.clock, kMessageTimeout, std::move(reading), "AutoNAT");
  if (!bytes) co_return;
  const auto pending = pending_.find(decode_dial_back(*bytes));
  const net::Connection* const connection = swarm_.find(stream.connection);
  if (pending == pending_.end() || connection == nullptr)
    throw Error(ErrorCode::refused, "AutoNAT: nobody waits for this dial-back");
  pending->second = connection->local();
  const Bytes response = encode_dial_back_response();
  co_await net::write_message(*stream.stream, response);
  co_await stream.stream->close_write();
}

}  // namespace shoal::autonat
