#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/shared_bytes.h"
#include "format/cid.h"

namespace shoal::content::bitswap {

/// Bounds of the spec, and of what one message may make us keep.
inline constexpr std::size_t kMaxMessageBytes = 4 * 1024 * 1024;
/// Wants, and presences, beyond this many in a message are not read.
inline constexpr std::size_t kMaxEntries = 16 * 1024;
inline constexpr std::size_t kMaxBlocks = 16 * 1024;

enum class Version { v1_0, v1_1, v1_2 };

inline constexpr const char* kProtocol_1_2 = "/ipfs/bitswap/1.2.0";
inline constexpr const char* kProtocol_1_1 = "/ipfs/bitswap/1.1.0";
inline constexpr const char* kProtocol_1_0 = "/ipfs/bitswap/1.0.0";

/// In order of preference.
std::vector<std::string> protocols();
Version version_of(std::string_view protocol);

enum class WantType { block, have };

struct WantEntry {
  Cid cid;
  std::int32_t priority = 1;
  bool cancel = false;
  WantType type = WantType::block;
  bool send_dont_have = false;
};

/// Whether the sender has a block.
struct Presence {
  Cid cid;
  bool have = false;
};

/// A CID without its digest: all that a message says about a block in it.
struct CidPrefix {
  std::uint64_t version = 0;
  std::uint64_t codec = static_cast<std::uint64_t>(Codec::dag_pb);
  std::uint64_t hash_code = static_cast<std::uint64_t>(HashCode::sha2_256);
  std::uint64_t digest_bytes = 32;

  static CidPrefix of(const Cid& cid);
  /// Throws Error{malformed}.
  static CidPrefix decode(ByteView bytes);
  Bytes encode() const;
  bool operator==(const CidPrefix&) const = default;
};

struct MessageBlock {
  CidPrefix prefix;
  SharedBytes data;
};

/// The hash of the block by the function that its prefix names. None for a function that we cannot
/// compute, and for identity, whose blocks nobody needs to send.
std::optional<Multihash> hash_of(const MessageBlock& block);

/// A bitswap message: ipfs/specs, bitswap-protocol, "Wire Format", of all three versions.
struct Message {
  std::vector<WantEntry> wants;
  bool full = false;  // these are all the sender's wants
  std::vector<MessageBlock> blocks;
  std::vector<Presence> presences;
  std::int32_t pending_bytes = 0;

  bool empty() const { return wants.empty() && !full && blocks.empty() && presences.empty(); }
  std::size_t block_bytes() const;
};

/// Without the length that precedes it. The blocks are parts of `bytes`. Entries whose CID cannot
/// be read, or is longer than 168 bytes, are passed over: the sender may know more than we do.
/// Throws Error{malformed}, or {limit} for a message of more than 4 MiB, a block of more than 2.
Message decode_message(const SharedBytes& bytes);

/// A message ready to be written with its length in front; the blocks are not copied.
class EncodedMessage {
 public:
  /// Of the pieces; they borrow from this object, which may be moved.
  std::span<const ByteView> pieces() const { return pieces_; }
  std::size_t size() const;

 private:
  friend EncodedMessage encode_message(const Message& message, Version version);
  Bytes heads_;
  std::vector<SharedBytes> blocks_;
  std::vector<ByteView> pieces_;
};

/// Presences, types of wants and pending bytes are left out for versions that know none.
EncodedMessage encode_message(const Message& message, Version version);

}  // namespace shoal::content::bitswap
