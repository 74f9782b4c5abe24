#include "tests/hostile/wire.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/error.h"
#include "base/varint.h"
#include "net/negotiation/line.h"
#include "net/negotiation/negotiate.h"
#include "net/read_ahead.h"
#include "net/security/noise/noise.h"
#include "system/os/socket_error.h"
#include "system/os/socket_stream.h"

namespace shoal::hostile {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kFrameBytes = 60 * 1024;
const std::array<std::string, 1> kMuxers = {"/yamux/1.0.0"};

}  // namespace

Wire::Wire(System& system, Target target, std::unique_ptr<Stream> stream)
    : system_(system),
      target_(std::move(target)),
      stream_(std::move(stream)),
      readers_(system.waits, "reading") {}

Wire::~Wire() = default;

Task<std::unique_ptr<Wire>> Wire::connect(System& system, Target target, IpAddress source) {
  auto& context =
      static_cast<asio::io_context&>(asio::query(system.executor(), asio::execution::context));
  os::TcpSocket socket(context);
  boost::system::error_code error;
  const auto from = os::to_asio<asio::ip::tcp>(Endpoint{source, 0});
  socket.open(from.protocol(), error);
  if (!error) socket.bind(from, error);
  if (!error) {
    co_await socket.async_connect(os::to_asio<asio::ip::tcp>(target.endpoint),
                                  asio::redirect_error(asio::use_awaitable, error));
  }
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  if (error) throw os::socket_error(error, target.endpoint);
  auto stream = std::make_unique<os::SocketStream>(std::move(socket));
  co_return std::unique_ptr<Wire>(new Wire(system, std::move(target), std::move(stream)));
}

Task<void> Wire::secure() {
  const crypto::PrivateKey identity =
      crypto::PrivateKey::ed25519_from_seed(system_.random.bytes(32));
  auto ahead = std::make_unique<net::ReadAhead>(std::move(stream_));
  auto proposed = net::negotiate_lazily(std::move(ahead), net::kNoiseProtocol);
  net::Secured secured = co_await net::secure_with_noise(
      system_, noise::StaticKey::make(identity, system_.random.bytes(32)), std::move(proposed),
      net::Direction::outbound, target_.peer, kMuxers);
  stream_ = std::move(secured.stream);
}

Task<void> Wire::send(Bytes bytes) {
  co_await write_all(*stream_, bytes);
}

Task<void> Wire::read_to_end() {
  Bytes buffer(16 * 1024);
  while (co_await stream_->read_some(buffer) > 0) {
  }
}

Task<Bytes> Wire::read(std::size_t bytes) {
  Bytes out(bytes);
  co_await read_exactly(*stream_, out);
  co_return out;
}

Task<void> Wire::until_closed(Task<void> reader) {
  try {
    co_await std::move(reader);
  } catch (const Error&) {
    // The target has had enough.
  }
  stream_->abort();
}

void Wire::drain() {
  read_by(read_to_end());
}

void Wire::read_by(Task<void> reader) {
  readers_.spawn(until_closed(std::move(reader)));
}

Task<void> Wire::stop() {
  if (stream_) stream_->abort();  // none when its handshake failed
  co_await readers_.stop();
}

Bytes frame(yamux::FrameType type, std::uint16_t flags, yamux::StreamId stream,
            std::uint32_t length, ByteView payload) {
  const yamux::HeaderBytes header = yamux::encode({type, flags, stream, length});
  Bytes out(header.begin(), header.end());
  append(out, payload);
  return out;
}

Bytes more(yamux::StreamId stream, ByteView payload, std::uint16_t flags) {
  Bytes out;
  do {
    const ByteView part = payload.first(std::min(payload.size(), kFrameBytes));
    payload = payload.subspan(part.size());
    const auto length = static_cast<std::uint32_t>(part.size());
    append(out, frame(yamux::FrameType::data, std::exchange(flags, 0), stream, length, part));
  } while (!payload.empty());
  return out;
}

Bytes opened(yamux::StreamId stream, std::string_view protocol, ByteView payload) {
  Bytes said = line(multistream::kHeader);
  append(said, line(protocol));
  append(said, payload);
  return more(stream, said, yamux::kSyn);
}

Bytes prefixed(ByteView message) {
  Bytes out;
  append_varint(out, message.size());
  append(out, message);
  return out;
}

Bytes line(std::string_view text) {
  Bytes out;
  multistream::append_line(out, text);
  return out;
}

}  // namespace shoal::hostile
