#include "system/sim/home_router.h"

#include <cstdio>
#include <string>
#include <utility>

#include "system/sim/host.h"
#include "system/sim/world.h"

namespace shoal::sim {

namespace {

constexpr std::size_t kMaxRequestBytes = 64;
constexpr std::uint8_t kAnswer = 0x80;
constexpr std::uint8_t kOutside = 0;
constexpr std::uint8_t kMapTcp = 2;
constexpr std::uint8_t kUnsupportedVersion = 1;
constexpr std::uint8_t kOutOfResources = 4;

std::uint16_t pmp16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

void pmp_add16(Bytes& out, std::uint64_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

}  // namespace

HomeRouter::HomeRouter(World& world, Nat& nat, IpAddress inside)
    : world_(world),
      nat_(nat),
      host_(world.add_host({.addresses = {inside}, .routed = false})),
      tasks_(world.waits(), "router") {
  nat_.add(host_);
  socket_ = host_.system().network.bind({inside, kPort});
  tasks_.spawn(answer_all());
}

HomeRouter::~HomeRouter() = default;

/// As Linux shows it, the address as the processor has it in memory.
void HomeRouter::serve(Host& host) {
  const ByteView address = host_.address().bytes();
  char text[9];
  std::snprintf(text, sizeof text, "%02X%02X%02X%02X", address[3], address[2], address[1],
                address[0]);
  Storage& storage = host.system().storage;
  storage.make_folder("/proc");
  storage.make_folder("/proc/net");
  const std::string table =
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t" +
      std::string(text) + "\t0003\t0\t0\t100\t00000000\t0\t0\t0\n";
  storage.open("/proc/net/route", Access::create)->write_at(0, as_bytes(table));
}

Task<void> HomeRouter::answer_all() {
  Bytes buffer(kMaxRequestBytes);
  while (true) {
    const DatagramSocket::Received got = co_await socket_->receive(buffer);
    ++requests_;
    const Bytes out = answer(ByteView(buffer).first(got.bytes), got.from.address);
    socket_->send(got.from, out);
  }
}

Bytes HomeRouter::answer(ByteView request, const IpAddress& from) {
  const bool is_whole = request.size() >= 2;
  Bytes out = {0, static_cast<std::uint8_t>(kAnswer | (is_whole ? request[1] : 0)), 0, 0};
  pmp_add16(out, 0);
  pmp_add16(out, 1);  // seconds since it began
  if (!is_whole || request[0] != 0) {
    out[3] = kUnsupportedVersion;
    return out;
  }
  if (request[1] == kOutside) {
    append(out, claimed_ ? claimed_->bytes() : nat_.address().bytes());
    return out;
  }
  const Bytes mapped = request.size() == 12 ? forward(request, from) : Bytes{};
  if (mapped.empty()) out[3] = kOutOfResources;
  append(out, mapped);
  return out;
}

Bytes HomeRouter::forward(ByteView request, const IpAddress& from) {
  const bool stream = request[1] == kMapTcp;
  const Endpoint inside{from, pmp16(request, 4)};
  const std::uint32_t lifetime = std::uint32_t{pmp16(request, 8)} << 16 | pmp16(request, 10);
  const auto before = forwarded_.find({stream, inside});
  std::uint16_t outside = 0;
  if (lifetime == 0) {
    if (before != forwarded_.end()) {
      nat_.unforward(stream, before->second);
      forwarded_.erase(before);
    }
  } else if (before != forwarded_.end() && nat_.forwards(stream, before->second)) {
    outside = before->second;
  } else {
    outside = nat_.forward(stream, inside, pmp16(request, 6));
    if (outside == 0) return {};
    forwarded_[{stream, inside}] = outside;
  }
  Bytes out;
  pmp_add16(out, inside.port);
  pmp_add16(out, outside);
  pmp_add16(out, lifetime >> 16);
  pmp_add16(out, lifetime & 0xffff);
  return out;
}

}  // namespace shoal::sim
