#include "tests/hostile/kinds.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/varint.h"
#include "content/bitswap/message.h"
#include "protocol/identify/identify.h"
#include "protocol/identify/message.h"
#include "protocol/ping/ping.h"

namespace shoal::hostile {

namespace {

using yamux::FrameType;
using yamux::kInitialWindow;
using yamux::kRst;
using yamux::kSyn;
using yamux::StreamId;
namespace bitswap = content::bitswap;

constexpr std::size_t kBurstBytes = 64 * 1024;
constexpr Duration kForever = 1h;

Bytes random_bytes(Wire& wire, std::size_t count) {
  return wire.system().random.bytes(count);
}

/// As many of `one` as fill a burst.
Bytes burst(const Bytes& one) {
  Bytes out;
  while (out.size() < kBurstBytes) append(out, one);
  return out;
}

Bytes encoded(const bitswap::Message& message) {
  const bitswap::EncodedMessage whole = bitswap::encode_message(message, bitswap::Version::v1_2);
  Bytes out;
  for (const ByteView piece : whole.pieces()) append(out, piece);
  return out;
}

Cid random_cid(Wire& wire) {
  const Bytes digest = random_bytes(wire, 32);
  return Cid::v1(Codec::raw, Multihash::wrap(HashCode::sha2_256, digest));
}

Task<void> sign_of_life(Wire& wire) {
  while (true) {
    co_await wire.send(frame(FrameType::ping, kSyn, 0, 1));
    co_await wire.system().clock.sleep_for(5s);
  }
}

// --- before anything is proved ---

Task<void> says_nothing(Wire& wire, const Plan&) {
  co_await wire.read_to_end();
}

Task<void> sends_garbage(Wire& wire, const Plan&) {
  while (true) co_await wire.send(random_bytes(wire, 4096));
}

Task<void> proposes_for_ever(Wire& wire, const Plan&) {
  co_await wire.send(line("/multistream/1.0.0"));
  wire.drain();
  while (true) co_await wire.send(burst(line("/nobody/speaks/this")));
}

Task<void> sends_byte_by_byte(Wire& wire, const Plan&) {
  const Bytes said = line("/multistream/1.0.0");
  for (std::size_t i = 0;; ++i) {
    co_await wire.send({said[i % said.size()]});
    co_await wire.system().clock.sleep_for(700ms);
  }
}

Task<void> shakes_half_a_hand(Wire& wire, const Plan&) {
  Bytes said = line("/multistream/1.0.0");
  append(said, line("/noise"));
  append(said, Bytes{0, 32});
  append(said, random_bytes(wire, 32));
  co_await wire.send(std::move(said));
  co_await wire.read_to_end();
}

Task<void> announces_a_giant_handshake(Wire& wire, const Plan&) {
  Bytes said = line("/multistream/1.0.0");
  append(said, line("/noise"));
  append(said, Bytes{0xff, 0xff});
  append(said, random_bytes(wire, 65'535));
  co_await wire.send(std::move(said));
  co_await wire.read_to_end();
}

Task<void> leaves_at_once(Wire&, const Plan&) {
  co_return;
}

// --- multiplexing ---

Task<void> floods_with_opens(Wire& wire, const Plan&) {
  wire.drain();
  for (StreamId id = 1;;) {
    Bytes out;
    for (int i = 0; i < 1000; ++i, id += 2)
      append(out, frame(FrameType::window_update, kSyn, id, 0));
    co_await wire.send(std::move(out));
  }
}

Task<void> opens_and_resets(Wire& wire, const Plan&) {
  wire.drain();
  for (StreamId id = 1;;) {
    Bytes out;
    for (int i = 0; i < 500; ++i, id += 2) {
      append(out, frame(FrameType::window_update, kSyn, id, 0));
      append(out, frame(FrameType::window_update, kRst, id, 0));
    }
    co_await wire.send(std::move(out));
  }
}

Task<void> sends_beyond_the_window(Wire& wire, const Plan&) {
  const Bytes too_much(kInitialWindow + 1);
  co_await wire.send(frame(FrameType::data, kSyn, 1, kInitialWindow + 1, too_much));
  co_await wire.read_to_end();
}

Task<void> gives_credit_beyond_32_bits(Wire& wire, const Plan&) {
  co_await wire.send(frame(FrameType::window_update, kSyn, 1, 0));
  co_await wire.send(frame(FrameType::window_update, 0, 1, 0xffff0000));
  co_await wire.read_to_end();
}

Task<void> floods_with_yamux_pings(Wire& wire, const Plan&) {
  wire.drain();
  const Bytes pings = burst(frame(FrameType::ping, kSyn, 0, 7));
  while (true) co_await wire.send(pings);
}

Task<void> floods_with_credit(Wire& wire, const Plan&) {
  wire.drain();
  co_await wire.send(opened(1, ping::kProtocol, {}));
  const Bytes grants = burst(frame(FrameType::window_update, 0, 1, 0));
  while (true) co_await wire.send(grants);
}

Task<void> leaves_lines_half_said(Wire& wire, const Plan&) {
  wire.drain();
  const Bytes half = {19, '/', 'm', 'u'};
  for (StreamId id = 1; id < 2000; id += 2) co_await wire.send(more(id, half, kSyn));
  co_await wire.system().clock.sleep_for(kForever);
}

// --- ping, identify ---

Task<void> fills_pings_that_it_never_reads(Wire& wire, const Plan&) {
  wire.drain();
  const Bytes much(kInitialWindow - 64);
  for (StreamId id = 1; id < 2000; id += 2) co_await wire.send(opened(id, ping::kProtocol, much));
  co_await wire.system().clock.sleep_for(kForever);
}

Task<void> asks_who_it_is(Wire& wire, const Plan&) {
  wire.drain();
  for (StreamId id = 1;; id += 2) co_await wire.send(opened(id, identify::kProtocol, {}));
}

Task<void> pushes_what_it_is(Wire& wire, const Plan&) {
  wire.drain();
  identify::Message lie;
  for (int i = 0; i < 300; ++i) lie.protocols.push_back("/lie/" + std::to_string(i));
  const Bytes said = prefixed(lie.encode());
  for (StreamId id = 1;; id += 2) {
    co_await wire.send(opened(id, identify::kPushProtocol, said));
    co_await wire.send(more(id, {}, yamux::kFin));
  }
}

/// Control characters among many others, and then stays.
Task<void> has_a_long_name(Wire& wire, const Plan&) {
  wire.drain();
  identify::Message said;
  while (said.agent_version.size() < identify::Message::kMaxNameBytes) {
    said.agent_version += "\x1b[2J\nname";
  }
  said.agent_version.resize(identify::Message::kMaxNameBytes);
  co_await wire.send(opened(1, identify::kPushProtocol, prefixed(said.encode())));
  co_await wire.send(more(1, {}, yamux::kFin));
  co_await sign_of_life(wire);
}

// --- Bitswap ---

/// Wants what the target has, as much as one wantlist takes.
Bytes wants_of(const Plan& plan, Wire& wire) {
  bitswap::Message message;
  std::vector<Cid> cids = plan.present;
  for (std::size_t i = cids.size(); i > 1; --i) {
    std::swap(cids[i - 1], cids[wire.system().random.below(i)]);
  }
  if (cids.size() > 1000) cids.resize(1000, cids.front());
  for (const Cid& cid : cids) {
    message.wants.push_back({cid, 1, false, bitswap::WantType::block, false});
  }
  return encoded(message);
}

/// The socket fills up, while its pings say that it lives.
Task<void> wants_and_never_reads(Wire& wire, const Plan& plan) {
  co_await wire.send(opened(1, bitswap::kProtocol_1_2, wants_of(plan, wire)));
  co_await sign_of_life(wire);
}

/// Reads, and gives no credit: the stream fills up.
Task<void> wants_and_gives_no_credit(Wire& wire, const Plan& plan) {
  wire.drain();
  co_await wire.send(opened(1, bitswap::kProtocol_1_2, wants_of(plan, wire)));
  co_await sign_of_life(wire);
}

/// What is to be answered, since one task at a time may send.
struct Answers {
  Bytes unsent;
  StreamId blocks = 0;  // the stream that the target sends blocks over
};

/// Answers pings and agrees to Bitswap on the stream that the target opens; throws away the rest.
Task<void> read_blocks(Wire& wire, std::shared_ptr<Answers> answers) {
  while (true) {
    const Bytes head = co_await wire.read(yamux::kHeaderBytes);
    const yamux::FrameHeader header =
        yamux::decode(std::span<const std::uint8_t, yamux::kHeaderBytes>(head));
    if (header.type == FrameType::ping && header.has(kSyn)) {
      append(answers->unsent, frame(FrameType::ping, yamux::kAck, 0, header.length));
    }
    if (header.type != FrameType::data) continue;
    const Bytes said = co_await wire.read(header.length);
    if (header.stream % 2 != 0 || answers->blocks == header.stream) continue;
    const std::string_view text(reinterpret_cast<const char*>(said.data()), said.size());
    if (text.find(bitswap::kProtocol_1_2) == std::string_view::npos) continue;
    answers->blocks = header.stream;
    Bytes answer = line("/multistream/1.0.0");
    append(answer, line(bitswap::kProtocol_1_2));
    append(answers->unsent, more(header.stream, answer, yamux::kAck));
  }
}

constexpr std::uint32_t kSlowBytes = 16 * 1024;
constexpr Duration kSlowPause = 1900ms;

/// Takes 16 KiB every 1.9 s of what it wants.
Task<void> takes_slowly(Wire& wire, const Plan& plan) {
  auto answers = std::make_shared<Answers>();
  wire.read_by(read_blocks(wire, answers));
  co_await wire.send(opened(1, bitswap::kProtocol_1_2, wants_of(plan, wire)));
  for (int tick = 1;; ++tick) {
    co_await wire.system().clock.sleep_for(kSlowPause / 19);
    if (tick % 19 == 0 && answers->blocks != 0) {
      append(answers->unsent, frame(FrameType::window_update, 0, answers->blocks, kSlowBytes));
    }
    if (!answers->unsent.empty()) co_await wire.send(std::exchange(answers->unsent, {}));
  }
}

/// Sends 16 KiB every 1.9 s of the largest message.
Task<void> sends_slowly(Wire& wire, const Plan&) {
  wire.drain();
  Bytes length;
  append_varint(length, bitswap::kMaxMessageBytes);
  co_await wire.send(opened(1, bitswap::kProtocol_1_2, length));
  while (true) {
    co_await wire.send(more(1, Bytes(kSlowBytes)));
    co_await wire.system().clock.sleep_for(kSlowPause);
  }
}

/// Keeps its connection, and does nothing with it.
Task<void> keeps_a_connection(Wire& wire, const Plan&) {
  wire.drain();
  co_await sign_of_life(wire);
}

Task<void> wants_what_nobody_has(Wire& wire, const Plan&) {
  wire.drain();
  for (StreamId id = 1;; id += 2) {
    bitswap::Message message;
    for (int i = 0; i < 1000; ++i) {
      message.wants.push_back({random_cid(wire), 1, false, bitswap::WantType::have, true});
    }
    co_await wire.send(opened(id, bitswap::kProtocol_1_2, encoded(message)));
    co_await wire.send(more(id, {}, yamux::kFin));
  }
}

Task<void> says_that_it_has_it(Wire& wire, const Plan& plan) {
  wire.drain();
  for (StreamId id = 1;; id += 2) {
    bitswap::Message message;
    for (const Cid& cid : plan.present) message.presences.push_back({cid, true});
    for (int i = 0; i < 500; ++i) message.presences.push_back({random_cid(wire), true});
    message.presences.resize(std::min<std::size_t>(message.presences.size(), 2000),
                             {random_cid(wire), true});
    co_await wire.send(opened(id, bitswap::kProtocol_1_2, encoded(message)));
    co_await wire.send(more(id, {}, yamux::kFin));
  }
}

Task<void> sends_what_nobody_wants(Wire& wire, const Plan&) {
  wire.drain();
  for (StreamId id = 1;; id += 2) {
    bitswap::Message message;
    message.blocks.push_back({bitswap::CidPrefix(), SharedBytes(random_bytes(wire, 200'000))});
    co_await wire.send(opened(id, bitswap::kProtocol_1_2, encoded(message)));
    co_await wire.send(more(id, {}, yamux::kFin));
  }
}

/// Announces the largest message and sends a window full of it, on many streams.
Task<void> never_ends_its_messages(Wire& wire, const Plan&) {
  wire.drain();
  Bytes part;
  append_varint(part, bitswap::kMaxMessageBytes);
  append(part, Bytes(kInitialWindow - 128));
  for (StreamId id = 1; id < 512; id += 2) {
    co_await wire.send(opened(id, bitswap::kProtocol_1_2, part));
  }
  co_await wire.system().clock.sleep_for(kForever);
}

Task<void> announces_a_giant_message(Wire& wire, const Plan&) {
  wire.drain();
  Bytes length;
  append_varint(length, bitswap::kMaxMessageBytes + 1);
  for (StreamId id = 1;; id += 2) {
    co_await wire.send(opened(id, bitswap::kProtocol_1_2, length));
    co_await wire.system().clock.sleep_for(10ms);
  }
}

}  // namespace

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"says_nothing", false, says_nothing},
      {"sends_garbage", false, sends_garbage},
      {"proposes_for_ever", false, proposes_for_ever},
      {"sends_byte_by_byte", false, sends_byte_by_byte},
      {"shakes_half_a_hand", false, shakes_half_a_hand},
      {"announces_a_giant_handshake", false, announces_a_giant_handshake},
      {"leaves_at_once", false, leaves_at_once},
      {"shakes_hands_and_leaves", true, leaves_at_once},
      {"shakes_hands_and_says_nothing", true, says_nothing},
      {"sends_garbage_over_noise", true, sends_garbage},
      {"floods_with_opens", true, floods_with_opens},
      {"opens_and_resets", true, opens_and_resets},
      {"sends_beyond_the_window", true, sends_beyond_the_window},
      {"gives_credit_beyond_32_bits", true, gives_credit_beyond_32_bits},
      {"floods_with_yamux_pings", true, floods_with_yamux_pings},
      {"floods_with_credit", true, floods_with_credit},
      {"leaves_lines_half_said", true, leaves_lines_half_said},
      {"fills_pings_that_it_never_reads", true, fills_pings_that_it_never_reads},
      {"asks_who_it_is", true, asks_who_it_is},
      {"pushes_what_it_is", true, pushes_what_it_is},
      {"has_a_long_name", true, has_a_long_name},
      {"wants_and_never_reads", true, wants_and_never_reads},
      {"wants_and_gives_no_credit", true, wants_and_gives_no_credit},
      {"takes_slowly", true, takes_slowly},
      {"sends_slowly", true, sends_slowly},
      {"keeps_a_connection", true, keeps_a_connection},
      {"wants_what_nobody_has", true, wants_what_nobody_has},
      {"says_that_it_has_it", true, says_that_it_has_it},
      {"sends_what_nobody_wants", true, sends_what_nobody_wants},
      {"never_ends_its_messages", true, never_ends_its_messages},
      {"announces_a_giant_message", true, announces_a_giant_message},
  };
  return all;
}

}  // namespace shoal::hostile
