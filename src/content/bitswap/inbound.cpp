#include "content/bitswap/inbound.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "base/varint.h"
#include "system/timeout.h"

namespace shoal::content::bitswap {

namespace {

// A length that is only claimed buys this much; the rest is had when so much has come.
constexpr std::size_t kFirstStepBytes = 64 * 1024;

/// None at the end of the stream.
Task<std::optional<std::size_t>> read_length(Stream& stream) {
  std::array<std::uint8_t, kMaxVarintBytes> raw{};
  for (std::size_t count = 0; count < raw.size(); ++count) {
    const std::size_t got = co_await stream.read_some(MutableBytes(raw).subspan(count, 1));
    if (got == 0 && count == 0) co_return std::nullopt;
    if (got == 0)
      throw Error(ErrorCode::closed, "the stream ended in the middle of a length prefix");
    ByteView bytes = ByteView(raw).first(count + 1);
    const std::optional<std::uint64_t> length = take_varint(bytes);
    if (!length) continue;
    if (*length > kMaxMessageBytes) {
      throw Error(ErrorCode::limit, "bitswap message of more than 4 MiB");
    }
    co_return static_cast<std::size_t>(*length);
  }
  throw Error(ErrorCode::malformed, "a length has too many bytes");
}

using Buffer = std::shared_ptr<std::uint8_t[]>;

Buffer uninitialised(std::size_t bytes) {
  return Buffer(new std::uint8_t[bytes]);
}

std::vector<ReceivedBlock> hashed(std::vector<MessageBlock> blocks) {
  std::vector<ReceivedBlock> out;
  out.reserve(blocks.size());
  for (MessageBlock& block : blocks) {
    std::optional<Multihash> hash = hash_of(block);
    out.push_back({block.prefix, std::move(hash), std::move(block.data)});
  }
  return out;
}

/// The first kEntriesAtOnce of `from`.
template <class Entry>
void move_some(std::vector<Entry>& from, std::vector<Entry>& to) {
  const auto end =
      from.begin() + static_cast<std::ptrdiff_t>(std::min(from.size(), Inbound::kEntriesAtOnce));
  to.assign(std::make_move_iterator(from.begin()), std::make_move_iterator(end));
  from.erase(from.begin(), end);
}

std::size_t total_bytes(const std::vector<MessageBlock>& blocks) {
  std::size_t out = 0;
  for (const MessageBlock& block : blocks) out += block.data.size();
  return out;
}

}  // namespace

/// A message under way, from its length to the hashes of its blocks.
class Inbound::Incoming {
 public:
  Incoming(std::shared_ptr<Inbox> inbox,
           std::unique_ptr<net::MemoryBudget::Reservation> reservation)
      : inbox_(std::move(inbox)), reservation_(std::move(reservation)) {}
  ~Incoming() { inbox_->arriving -= came_; }
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;

  void part_came(std::size_t bytes) {
    came_ += bytes;
    inbox_->arriving += bytes;
    if (reservation_) reservation_->moved(bytes);
  }
  void all_came() {
    inbox_->arriving -= std::exchange(came_, 0);
    if (reservation_) reservation_->make_irrevocable();
  }

 private:
  const std::shared_ptr<Inbox> inbox_;
  std::size_t came_ = 0;
  const std::unique_ptr<net::MemoryBudget::Reservation> reservation_;  // null for a small message
};

Inbound::Inbound(System& system, net::Swarm& swarm, Event& room, Handlers handlers)
    : system_(system),
      swarm_(swarm),
      room_(room),
      handlers_(std::move(handlers)),
      budget_(system, {.bytes = kBudgetBytes, .bytes_per_peer = kMaxUnverifiedBytes}),
      stream_ended_(system.waits),
      hashing_(system.waits, "bitswap hashing") {}

Task<void> Inbound::serve(net::ProtocolStream stream) {
  if (stopping_) co_return;
  std::shared_ptr<Inbox>& slot = inboxes_[stream.peer];
  if (!slot) slot = std::make_shared<Inbox>();
  std::shared_ptr<Inbox> inbox = slot;
  if (inbox->streams >= kMaxStreamsPerPeer) {
    throw Error(ErrorCode::limit, "too many bitswap streams", stream.peer.to_string());
  }
  struct Registered {
    Inbound& inbound;
    std::shared_ptr<Inbox> inbox;
    std::list<Stream*>::iterator entry;
    Registered(Inbound& in, const net::ProtocolStream& from, std::shared_ptr<Inbox> box)
        : inbound(in),
          inbox(std::move(box)),
          entry(in.streams_.insert(in.streams_.end(), from.stream.get())) {
      ++inbox->streams;
    }
    ~Registered() {
      --inbox->streams;
      inbound.streams_.erase(entry);
      inbound.stream_ended_.notify_all();
    }
  };
  const Registered registered(*this, stream, inbox);
  co_await read_messages(stream, inbox);
}

Task<void> Inbound::read_messages(net::ProtocolStream& stream, std::shared_ptr<Inbox> inbox) {
  ChunkSizer sizer;
  while (true) {
    const std::optional<std::size_t> length = co_await read_length(*stream.stream);
    if (!length) co_return;
    co_await work_off_entries(stream.peer, *inbox);
    std::unique_ptr<net::MemoryBudget::Reservation> reservation;
    while (*length > kSmallBytes && !handlers_.has_room() && !stopping_) co_await room_.wait();
    if (*length > kSmallBytes) reservation = co_await reserve(stream.peer, *length);
    auto incoming = std::make_shared<Incoming>(inbox, std::move(reservation));
    SharedBytes bytes = co_await read_body(stream, *length, *incoming, sizer);
    incoming->all_came();
    co_await handle(stream.peer, std::move(bytes), *inbox, std::move(incoming));
  }
}

Task<std::unique_ptr<net::MemoryBudget::Reservation>> Inbound::reserve(PeerId peer,
                                                                       std::size_t bytes) {
  net::MemoryBudget::Owner owner{.peer = peer,
                                 .prefix = swarm_.ip_prefix_of(peer),
                                 .established = handlers_.established(peer)};
  auto reservation = co_await budget_.acquire(std::move(owner), bytes);
  reservation->make_revocable(
      swarm_.is_solicited(peer) ? kMinimumSourceRate : kMinimumRate,
      [this, peer] { swarm_.disconnect(peer, "sends a message too slowly while others wait"); });
  co_return reservation;
}

/// Into memory that nobody clears first, and at most one small part of which is moved.
Task<SharedBytes> Inbound::read_body(net::ProtocolStream& stream, std::size_t length,
                                     Incoming& incoming, ChunkSizer& sizer) {
  const std::size_t first = std::min(length, kFirstStepBytes);
  Buffer buffer = uninitialised(first);
  co_await read_parts(stream, MutableBytes(buffer.get(), first), incoming, sizer);
  if (first < length) {
    Buffer whole = uninitialised(length);
    std::memcpy(whole.get(), buffer.get(), first);
    buffer = std::move(whole);
  }
  co_await read_parts(stream, MutableBytes(buffer.get() + first, length - first), incoming, sizer);
  const ByteView view(buffer.get(), length);
  co_return SharedBytes(std::move(buffer), view);
}

Task<void> Inbound::read_parts(net::ProtocolStream& stream, MutableBytes into, Incoming& incoming,
                               ChunkSizer& sizer) {
  while (!into.empty()) {
    const std::size_t part = std::min(into.size(), sizer.bytes());
    const TimePoint began = system_.clock.now();
    Task<void> reading = read_exactly(*stream.stream, into.first(part));
    co_await within(system_.clock, kStallTimeout, std::move(reading), "a bitswap message");
    sizer.moved(part, system_.clock.now() - began);
    incoming.part_came(part);
    into = into.subspan(part);
  }
}

/// Piece by piece, so that nobody holds up the others with the longest of messages.
Task<void> Inbound::tell(const PeerId& peer, Message& message, Inbox& inbox) {
  inbox.entries_left -= static_cast<double>(message.wants.size() + message.presences.size());
  while (std::max(message.wants.size(), message.presences.size()) > kEntriesAtOnce) {
    Message part;
    part.full = std::exchange(message.full, false);
    move_some(message.wants, part.wants);
    move_some(message.presences, part.presences);
    handlers_.message(peer, part);
    co_await boost::asio::post(system_.executor(), boost::asio::use_awaitable);
  }
  handlers_.message(peer, message);
}

/// Before a message is read: what waits should wait where it takes no memory of ours.
Task<void> Inbound::work_off_entries(PeerId peer, Inbox& inbox) {
  while (true) {
    const bool established = handlers_.established(peer);
    const double burst = established ? kBurstEntries : kBurstFirstEntries;
    const double rate = established ? kEntriesPerSecond : kFirstEntriesPerSecond;
    const TimePoint now = system_.clock.now();
    const double waited = std::chrono::duration<double>(now - inbox.refilled).count();
    inbox.refilled = now;
    inbox.entries_left = std::min(burst, inbox.entries_left + waited * rate);
    if (inbox.entries_left >= 0) co_return;
    const std::chrono::duration<double> owed(-inbox.entries_left / rate);
    co_await system_.clock.sleep_for(std::chrono::ceil<Duration>(owed));
  }
}

Task<void> Inbound::handle(PeerId peer, SharedBytes bytes, Inbox& inbox,
                           std::shared_ptr<Incoming> incoming) {
  Message message = decode_message(bytes);
  std::vector<MessageBlock> blocks = std::exchange(message.blocks, {});
  co_await tell(peer, message, inbox);
  if (blocks.empty()) co_return;
  if (total_bytes(blocks) <= kHashHereBytes) {
    handlers_.blocks(peer, hashed(std::move(blocks)));
  } else {
    hashing_.spawn(verify(std::move(peer), std::move(blocks), std::move(incoming)));
  }
}

Task<void> Inbound::verify(PeerId peer, std::vector<MessageBlock> blocks,
                           std::shared_ptr<Incoming> incoming) {
  const auto work = [&blocks] { return hashed(std::move(blocks)); };
  Task<std::vector<ReceivedBlock>> hashing = offload(system_.offload, work);
  std::vector<ReceivedBlock> received = co_await std::move(hashing);
  if (!stopping_) handlers_.blocks(peer, std::move(received));
  incoming.reset();
}

void Inbound::forget(const PeerId& peer) {
  inboxes_.erase(peer);
}

std::size_t Inbound::arriving(const PeerId& peer) const {
  const auto found = inboxes_.find(peer);
  return found == inboxes_.end() ? 0 : found->second->arriving;
}

Task<void> Inbound::stop() {
  stopping_ = true;
  room_.notify_all();
  for (Stream* stream : streams_) stream->abort();
  co_await hashing_.stop();
  while (!streams_.empty()) co_await stream_ended_.wait_uncancellable();
}

}  // namespace shoal::content::bitswap
