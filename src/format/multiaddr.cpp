#include "format/multiaddr.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/error.h"
#include "base/varint.h"

namespace shoal {
namespace {

using Component = Multiaddr::Component;

void append_component(Bytes& out, const AddressProtocol& protocol, ByteView value) {
  append_varint(out, static_cast<std::uint64_t>(protocol.code));
  if (protocol.value_bytes == AddressProtocol::kPrefixed) append_varint(out, value.size());
  append(out, value);
}

void check_value(const AddressProtocol& protocol, ByteView value) {
  const bool is_prefixed = protocol.value_bytes == AddressProtocol::kPrefixed;
  const bool fits =
      is_prefixed ? !value.empty() : value.size() == static_cast<std::size_t>(protocol.value_bytes);
  if (!fits) throw Error(ErrorCode::malformed, "address with a value of the wrong length");
  if (protocol.check != nullptr) protocol.check(value);
}

struct Taken {
  const AddressProtocol* protocol;
  ByteView value;
};

/// Takes a component off the front, without a look at its value.
Taken take_component(ByteView& in) {
  const AddressProtocol* protocol = find_address_protocol(take_whole_varint(in));
  if (protocol == nullptr) {
    throw Error(ErrorCode::unsupported, "address with a protocol that is not known");
  }
  const std::uint64_t size = protocol->value_bytes == AddressProtocol::kPrefixed
                                 ? take_whole_varint(in)
                                 : static_cast<std::uint64_t>(protocol->value_bytes);
  if (size > in.size()) throw Error(ErrorCode::malformed, "address cut short");
  const ByteView value = in.first(static_cast<std::size_t>(size));
  in = in.subspan(value.size());
  return {protocol, value};
}

/// What every Multiaddr holds to, however it was made.
void check_address(ByteView bytes) {
  if (bytes.empty()) throw Error(ErrorCode::malformed, "address is empty");
  if (bytes.size() > Multiaddr::kMaxBytes) {
    throw Error(ErrorCode::limit, "address of more than 1024 bytes");
  }
  std::size_t count = 0;
  bool after_path = false;
  for (ByteView rest = bytes; !rest.empty();) {
    if (after_path) throw Error(ErrorCode::malformed, "address that goes on behind a path");
    if (++count > Multiaddr::kMaxComponents) {
      throw Error(ErrorCode::limit, "address of more than 32 components");
    }
    const Taken component = take_component(rest);
    check_value(*component.protocol, component.value);
    after_path = component.protocol->is_path;
  }
}

/// Takes "/segment" off the front of a text.
std::string_view take_segment(std::string_view& text) {
  if (!text.starts_with('/')) throw Error(ErrorCode::malformed, "address that lacks a part");
  const std::size_t end = std::min(text.find('/', 1), text.size());
  const std::string_view segment = text.substr(1, end - 1);
  text = text.substr(end);
  return segment;
}

void parse_component(Bytes& out, std::string_view& text) {
  const std::string_view name = take_segment(text);
  const AddressProtocol* protocol = find_address_protocol(name);
  if (protocol == nullptr) {
    throw Error(ErrorCode::unsupported, "address with a protocol that is not known");
  }
  Bytes value;
  if (protocol->is_path) {
    value = protocol->parse(std::exchange(text, {}));
  } else if (protocol->value_bytes != 0) {
    value = protocol->parse(take_segment(text));
  }
  check_value(*protocol, value);
  append_component(out, *protocol, value);
}

const AddressProtocol& protocol_of(AddressCode code) {
  const AddressProtocol* protocol = find_address_protocol(static_cast<std::uint64_t>(code));
  SHOAL_CHECK(protocol != nullptr);
  return *protocol;
}

void append_component(Bytes& out, AddressCode code, ByteView value) {
  append_component(out, protocol_of(code), value);
}

std::uint16_t port_of(const Component& component) {
  return static_cast<std::uint16_t>(component.value[0] << 8 | component.value[1]);
}

IpAddress v6_of(const Component& component, std::uint32_t scope) {
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(component.value, bytes.begin());
  return IpAddress::v6(bytes, scope);
}

IpAddress v4_of(const Component& component) {
  const ByteView value = component.value;
  return IpAddress::v4({value[0], value[1], value[2], value[3]});
}

std::optional<std::uint32_t> scope_of(const Component& zone) {
  const std::string_view text = as_text(zone.value);
  std::uint32_t scope = 0;
  const auto [stopped_at, error] = std::from_chars(text.data(), text.data() + text.size(), scope);
  if (error != std::errc{} || stopped_at != text.data() + text.size()) return std::nullopt;
  return scope;
}

/// The first components, without the peer that an address may end in: where to connect is asked of
/// every address again and again, so they lie on the stack.
class TransportParts {
 public:
  explicit TransportParts(ByteView bytes) {
    while (!bytes.empty()) {
      const Taken taken = take_component(bytes);
      if (bytes.empty() && taken.protocol->code == AddressCode::p2p) return;
      if (count_ < parts_.size()) parts_[count_] = {taken.protocol->code, taken.value};
      ++count_;
    }
  }

  /// Whether these are all.
  bool are(std::initializer_list<AddressCode> codes) const {
    return count_ == codes.size() && count_ <= parts_.size() &&
           std::equal(codes.begin(), codes.end(), parts_.begin(),
                      [](AddressCode code, const Component& part) { return code == part.code; });
  }
  const Component& operator[](std::size_t index) const { return parts_[index]; }

 private:
  std::array<Component, 3> parts_{};
  std::size_t count_ = 0;
};

/// The last component, if any.
std::optional<Taken> last_component(ByteView bytes) {
  std::optional<Taken> last;
  while (!bytes.empty()) last = take_component(bytes);
  return last;
}

/// Where in `bytes` each component begins, and the end of the last.
std::vector<std::size_t> boundaries(ByteView bytes) {
  std::vector<std::size_t> out = {0};
  for (ByteView rest = bytes; !rest.empty();) {
    take_component(rest);
    out.push_back(bytes.size() - rest.size());
  }
  return out;
}

}  // namespace

Multiaddr Multiaddr::parse(std::string_view text) {
  if (text.size() > kMaxCharacters) {
    throw Error(ErrorCode::limit, "address of more than 4096 characters");
  }
  Bytes bytes;
  std::string_view rest = text.substr(0, text.find_last_not_of('/') + 1);
  try {
    while (!rest.empty() && bytes.size() <= kMaxBytes) parse_component(bytes, rest);
    check_address(bytes);
  } catch (const Error& error) {
    throw Error(error.code(), error.message(), std::string(text));
  }
  return Multiaddr(std::move(bytes));
}

Multiaddr Multiaddr::decode(ByteView bytes) {
  check_address(bytes);
  return Multiaddr(to_bytes(bytes));
}

Multiaddr Multiaddr::tcp(const Endpoint& endpoint) {
  const IpAddress& ip = endpoint.address;
  Bytes bytes;
  bytes.reserve(2 * sizeof(std::uint32_t) + ip.bytes().size());
  if (ip.scope_id() != 0) {
    append_component(bytes, AddressCode::ip6zone, as_bytes(std::to_string(ip.scope_id())));
  }
  append_component(bytes, ip.is_v6() ? AddressCode::ip6 : AddressCode::ip4, ip.bytes());
  const std::array<std::uint8_t, 2> port = {static_cast<std::uint8_t>(endpoint.port >> 8),
                                            static_cast<std::uint8_t>(endpoint.port)};
  append_component(bytes, AddressCode::tcp, port);
  return Multiaddr(std::move(bytes));
}

Multiaddr Multiaddr::p2p(const PeerId& peer) {
  Bytes bytes;
  append_component(bytes, AddressCode::p2p, peer.encoded());
  return Multiaddr(std::move(bytes));
}

std::string Multiaddr::to_string() const {
  if (empty()) return "/";
  std::string out;
  for (ByteView rest = bytes_; !rest.empty();) {
    const Taken component = take_component(rest);
    const AddressProtocol& protocol = *component.protocol;
    out += '/';
    out += protocol.name;
    if (protocol.value_bytes == 0) continue;
    if (!protocol.is_path) out += '/';
    out += protocol.format(component.value);
  }
  return out;
}

std::vector<Component> Multiaddr::components() const& {
  std::vector<Component> out;
  out.reserve(4);
  for (ByteView rest = bytes_; !rest.empty();) {
    const Taken component = take_component(rest);
    out.push_back({component.protocol->code, component.value});
  }
  return out;
}

bool Multiaddr::has(AddressCode code) const {
  for (ByteView rest = bytes_; !rest.empty();) {
    if (take_component(rest).protocol->code == code) return true;
  }
  return false;
}

Multiaddr Multiaddr::encapsulate(const Multiaddr& inner) const {
  Bytes bytes = bytes_;
  append(bytes, inner.bytes_);
  if (!bytes.empty()) check_address(bytes);
  return Multiaddr(std::move(bytes));
}

Multiaddr Multiaddr::decapsulate(const Multiaddr& inner) const {
  const std::vector<std::size_t> starts = boundaries(bytes_);
  if (inner.empty()) return *this;
  for (std::size_t i = starts.size(); i-- > 0;) {
    const ByteView tail = ByteView(bytes_).subspan(starts[i]);
    if (tail.size() < inner.bytes_.size()) continue;
    if (equal(tail.first(inner.bytes_.size()), inner.bytes_)) {
      return Multiaddr(to_bytes(ByteView(bytes_).first(starts[i])));
    }
  }
  return *this;
}

std::optional<PeerId> Multiaddr::peer() const {
  const std::optional<Taken> last = last_component(bytes_);
  if (!last || last->protocol->code != AddressCode::p2p) return std::nullopt;
  return PeerId::decode(last->value);
}

Multiaddr Multiaddr::without_peer() const {
  const std::optional<Taken> last = last_component(bytes_);
  if (!last || last->protocol->code != AddressCode::p2p) return *this;
  const std::vector<std::size_t> starts = boundaries(bytes_);
  return Multiaddr(to_bytes(ByteView(bytes_).first(starts[starts.size() - 2])));
}

Multiaddr Multiaddr::with_peer(const PeerId& peer) const {
  return without_peer().encapsulate(p2p(peer));
}

std::optional<Endpoint> Multiaddr::tcp_endpoint() const {
  using enum AddressCode;
  const TransportParts parts(bytes_);
  if (parts.are({ip4, AddressCode::tcp})) return Endpoint{v4_of(parts[0]), port_of(parts[1])};
  if (parts.are({ip6, AddressCode::tcp})) return Endpoint{v6_of(parts[0], 0), port_of(parts[1])};
  if (!parts.are({ip6zone, ip6, AddressCode::tcp})) return std::nullopt;
  const std::optional<std::uint32_t> scope = scope_of(parts[0]);
  if (!scope) return std::nullopt;
  return Endpoint{v6_of(parts[1], *scope), port_of(parts[2])};
}

std::optional<IpAddress> Multiaddr::ip() const {
  for (ByteView rest = bytes_; !rest.empty();) {
    const Taken taken = take_component(rest);
    const Component part{taken.protocol->code, taken.value};
    if (part.code == AddressCode::ip4) return v4_of(part);
    if (part.code == AddressCode::ip6) return v6_of(part, 0).normalised();
  }
  return std::nullopt;
}

std::optional<HostPort> Multiaddr::tcp_host() const {
  using enum AddressCode;
  const TransportParts parts(bytes_);
  const AddressCode kind = parts[0].code;
  if (!parts.are({kind, AddressCode::tcp})) return std::nullopt;
  if (kind != dns && kind != dns4 && kind != dns6) return std::nullopt;
  return HostPort{kind, std::string(as_text(parts[0].value)), port_of(parts[1])};
}

}  // namespace shoal

std::size_t std::hash<shoal::Multiaddr>::operator()(
    const shoal::Multiaddr& address) const noexcept {
  std::uint64_t value = 0xcbf29ce484222325;
  for (const std::uint8_t byte : address.encoded()) value = (value ^ byte) * 0x100000001b3;
  return static_cast<std::size_t>(value);
}
