#include "format/unixfs.h"

#include <bitset>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>

#include "base/error.h"
#include "base/varint.h"
#include "format/protobuf_guard.h"

namespace shoal {
namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

enum Field : protozero::pbf_tag_type {
  kType = 1,
  kData = 2,
  kFilesize = 3,
  kBlocksizes = 4,
  kHashType = 5,
  kFanout = 6,
  kMode = 7,
  kMtime = 8,
};
enum TimeField : protozero::pbf_tag_type { kSeconds = 1, kNanos = 2 };

constexpr std::uint32_t kNanosPerSecond = 1'000'000'000;

[[noreturn]] void malformed(const char* why) {
  throw Error(ErrorCode::malformed, why);
}

/// Fields that may appear once only, among those whose number is below 16.
class SeenFields {
 public:
  void add(std::uint32_t tag) {
    if (seen_.test(tag)) malformed("UnixFS data with a field given twice");
    seen_.set(tag);
  }

 private:
  std::bitset<16> seen_;
};

UnixfsType checked_type(std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(UnixfsType::hamt_shard)) {
    throw Error(ErrorCode::unsupported, "UnixFS node of an unknown type");
  }
  return static_cast<UnixfsType>(value);
}

UnixfsTime decode_time(protozero::data_view message) {
  protozero::pbf_reader reader(message);
  UnixfsTime time;
  SeenFields seen;
  bool has_seconds = false;
  while (reader.next()) {
    const std::uint32_t tag = reader.tag();
    if (tag == kSeconds || tag == kNanos) seen.add(tag);
    switch (reader.tag_and_type()) {
      case tag_and_type(kSeconds, pbf_wire_type::varint):
        time.seconds = reader.get_int64();
        has_seconds = true;
        break;
      case tag_and_type(kNanos, pbf_wire_type::fixed32):
        time.nanos = reader.get_fixed32();
        if (time.nanos == 0 || time.nanos >= kNanosPerSecond) {
          malformed("UnixFS time with nanoseconds out of range");
        }
        break;
      default:
        if (tag == kSeconds || tag == kNanos) malformed("UnixFS time with a foreign wire type");
        reader.skip();
    }
  }
  if (!has_seconds) malformed("UnixFS time without seconds");
  return time;
}

std::uint32_t checked_mode(std::uint64_t value) {
  if (value > UINT32_MAX) malformed("UnixFS mode of more than 32 bits");
  return static_cast<std::uint32_t>(value);
}

void read_field(protozero::pbf_reader& reader, UnixfsData& out) {
  switch (reader.tag_and_type()) {
    case tag_and_type(kType, pbf_wire_type::varint):
      out.type = checked_type(reader.get_uint64());
      return;
    case tag_and_type(kData, pbf_wire_type::length_delimited):
      out.data = bytes_of(reader.get_view());
      return;
    case tag_and_type(kFilesize, pbf_wire_type::varint):
      out.filesize = reader.get_uint64();
      return;
    case tag_and_type(kBlocksizes, pbf_wire_type::varint):
      out.blocksizes.push_back(reader.get_uint64());
      return;
    case tag_and_type(kBlocksizes, pbf_wire_type::length_delimited):
      for (const std::uint64_t size : reader.get_packed_uint64()) out.blocksizes.push_back(size);
      return;
    case tag_and_type(kHashType, pbf_wire_type::varint):
      out.hash_type = reader.get_uint64();
      return;
    case tag_and_type(kFanout, pbf_wire_type::varint):
      out.fanout = reader.get_uint64();
      return;
    case tag_and_type(kMode, pbf_wire_type::varint):
      out.metadata.mode = checked_mode(reader.get_uint64());
      return;
    case tag_and_type(kMtime, pbf_wire_type::length_delimited):
      out.metadata.mtime = decode_time(reader.get_view());
      return;
    default:
      malformed("UnixFS data with a foreign wire type");
  }
}

UnixfsData decode(ByteView message) {
  protozero::pbf_reader reader(as_view(message));
  UnixfsData out;
  SeenFields seen;
  bool has_type = false;
  while (reader.next()) {
    const std::uint32_t tag = reader.tag();
    if (tag > kMtime) {
      reader.skip();
      continue;
    }
    if (tag != kBlocksizes) seen.add(tag);
    has_type |= tag == kType;
    read_field(reader, out);
  }
  if (!has_type) malformed("UnixFS data without a type");
  return out;
}

void write_metadata(protozero::pbf_writer& writer, const UnixfsMetadata& metadata) {
  if (metadata.mode.value_or(0) != 0) writer.add_uint32(kMode, *metadata.mode);
  if (!metadata.mtime) return;
  protozero::pbf_writer time(writer, kMtime);
  time.add_int64(kSeconds, metadata.mtime->seconds);
  if (metadata.mtime->nanos != 0) time.add_fixed32(kNanos, metadata.mtime->nanos);
}

}  // namespace

UnixfsData decode_unixfs(ByteView message) {
  return read_protobuf("UnixFS data", [&] { return decode(message); });
}

Bytes encode_unixfs(const UnixfsData& data) {
  SHOAL_CHECK(!data.metadata.mtime || data.metadata.mtime->nanos < kNanosPerSecond);
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_enum(kType, static_cast<std::int32_t>(data.type));
  if (!data.data.empty() || data.type == UnixfsType::symlink) {
    writer.add_bytes(kData, as_view(data.data));
  }
  if (data.filesize) writer.add_uint64(kFilesize, *data.filesize);
  for (const std::uint64_t size : data.blocksizes) writer.add_uint64(kBlocksizes, size);
  if (data.hash_type) writer.add_uint64(kHashType, *data.hash_type);
  if (data.fanout) writer.add_uint64(kFanout, *data.fanout);
  write_metadata(writer, data.metadata);
  return to_bytes(std::string_view(out));
}

std::uint64_t content_size(const UnixfsData& data) {
  std::uint64_t sum = data.data.size();
  for (const std::uint64_t size : data.blocksizes) {
    if (size > kMaxVarint - sum) malformed("UnixFS block sizes that overflow");
    sum += size;
  }
  return sum;
}

}  // namespace shoal
