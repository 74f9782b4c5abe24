#include "protocol/kad/saved_providers.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <utility>

#include "base/error.h"
#include "base/varint.h"
#include "format/protobuf_guard.h"

namespace shoal::kad {
namespace {

using std::chrono::seconds;

enum FrameField : protozero::pbf_tag_type {
  frame_provider_field = 1,
  frame_from_field = 2,  // an IP address of the group
  frame_address_field = 3,
  frame_address_age_field = 4,  // seconds
  frame_written_field = 5,      // seconds since 1970
  frame_contents_field = 6,     // keys, each with its age: four bytes of seconds, big-endian
};

constexpr std::size_t kAgeBytes = 4;
constexpr std::size_t kContentBytes = Key::kBytes + kAgeBytes;
constexpr std::uint64_t kMaxAgeSeconds = 0xffffffff;
constexpr std::uint64_t kMaxWallSeconds = std::uint64_t{1} << 33;  // the year 2242

std::uint64_t whole_seconds(Duration time, std::uint64_t most) {
  const auto count = std::chrono::duration_cast<seconds>(time).count();
  return count < 0 ? 0 : std::min(static_cast<std::uint64_t>(count), most);
}

std::uint64_t age_seconds(Duration age) {
  return whole_seconds(age, kMaxAgeSeconds);
}

void append_content(std::string& out, const ProviderStore::Saved::Content& content) {
  out += as_text(content.key.bytes());
  const std::uint64_t age = age_seconds(content.age);
  for (std::size_t i = kAgeBytes; i-- > 0;) out += static_cast<char>(age >> (8 * i) & 0xff);
}

ProviderStore::Saved::Content read_content(ByteView bytes) {
  std::array<std::uint8_t, Key::kBytes> key{};
  std::ranges::copy(bytes.first(Key::kBytes), key.begin());
  std::uint32_t age = 0;
  for (const std::uint8_t byte : bytes.subspan(Key::kBytes)) age = age << 8 | byte;
  return {Key::at(key), seconds(age)};
}

std::string encode_frame(const ProviderStore::Saved& saved, std::size_t first, std::size_t count,
                         WallTime now) {
  std::string out;
  protozero::pbf_writer writer(out);
  const auto add = [&](FrameField field, ByteView bytes) {
    const std::string_view text = as_text(bytes);
    writer.add_bytes(field, text.data(), text.size());
  };
  add(frame_provider_field, saved.provider.encoded());
  if (saved.from) add(frame_from_field, saved.from->network().bytes());
  for (const Multiaddr& address : saved.addresses) add(frame_address_field, address.encoded());
  writer.add_uint64(frame_address_age_field, age_seconds(saved.address_age));
  writer.add_uint64(frame_written_field, whole_seconds(now.time_since_epoch(), kMaxWallSeconds));
  std::string contents;
  contents.reserve(count * kContentBytes);
  for (std::size_t i = first; i < first + count; ++i) append_content(contents, saved.contents[i]);
  add(frame_contents_field, as_bytes(contents));
  return out;
}

SavedFrame read_frame(ByteView bytes) {
  using protozero::pbf_wire_type;
  using protozero::tag_and_type;
  std::optional<PeerId> provider;
  std::optional<IpGroup> from;
  std::vector<Multiaddr> addresses;
  std::uint64_t address_age = 0;
  std::uint64_t written = 0;
  ByteView contents;
  protozero::pbf_reader reader(as_view(bytes));
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(frame_provider_field, pbf_wire_type::length_delimited):
        provider = PeerId::decode(bytes_of(reader.get_view()));
        break;
      case tag_and_type(frame_from_field, pbf_wire_type::length_delimited):
        from = IpGroup::of(ip_of_bytes(bytes_of(reader.get_view())));
        break;
      case tag_and_type(frame_address_field, pbf_wire_type::length_delimited): {
        const ByteView address = bytes_of(reader.get_view());
        if (addresses.size() < ProviderStore::kMaxAddresses) {
          addresses.push_back(Multiaddr::decode(address));
        }
        break;
      }
      case tag_and_type(frame_address_age_field, pbf_wire_type::varint):
        address_age = std::min(reader.get_uint64(), kMaxAgeSeconds);
        break;
      case tag_and_type(frame_written_field, pbf_wire_type::varint):
        written = std::min(reader.get_uint64(), kMaxWallSeconds);
        break;
      case tag_and_type(frame_contents_field, pbf_wire_type::length_delimited):
        contents = bytes_of(reader.get_view());
        break;
      default:
        reader.skip();
    }
  }
  if (!provider) throw Error(ErrorCode::malformed, "saved records without a provider");
  SavedFrame out{{.provider = *provider,
                  .from = from,
                  .addresses = std::move(addresses),
                  .address_age = seconds(address_age),
                  .contents = {}},
                 WallTime(seconds(written))};
  for (; contents.size() >= kContentBytes; contents = contents.subspan(kContentBytes)) {
    if (out.saved.contents.size() == kMaxContentsPerFrame) break;
    out.saved.contents.push_back(read_content(contents.first(kContentBytes)));
  }
  return out;
}

}  // namespace

void append_frames(Bytes& out, const ProviderStore::Saved& saved, WallTime now) {
  for (std::size_t first = 0; first < saved.contents.size(); first += kMaxContentsPerFrame) {
    const std::size_t count = std::min(kMaxContentsPerFrame, saved.contents.size() - first);
    const std::string frame = encode_frame(saved, first, count, now);
    append_varint(out, frame.size());
    append(out, as_bytes(frame));
  }
}

std::optional<SavedFrame> take_frame(ByteView& rest) {
  while (!rest.empty()) {
    ByteView frame;
    try {
      const std::uint64_t size = take_whole_varint(rest);
      if (size > kMaxFrameBytes || size > rest.size()) break;
      frame = rest.first(size);
      rest = rest.subspan(size);
      return read_protobuf("saved records", [&] { return read_frame(frame); });
    } catch (const Error&) {
      if (frame.empty()) break;
      // A frame that is damaged within; the next one stands behind its length.
    }
  }
  rest = {};
  return std::nullopt;
}

std::size_t restore(ProviderStore& store, ByteView snapshot, TimePoint now, WallTime wall_now) {
  std::size_t frames = 0;
  while (const std::optional<SavedFrame> frame = take_frame(snapshot)) {
    store.restore(frame->saved, wall_now - frame->written_at, now);
    ++frames;
  }
  return frames;
}

}  // namespace shoal::kad
