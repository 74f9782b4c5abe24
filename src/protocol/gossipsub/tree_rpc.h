#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace shoal::gossipsub {

/// Names the tree by which messages of one author spread in one topic: the first 8 bytes of a hash
/// of both. 0: none.
using TreeKey = std::uint64_t;
/// Names a manifest: the first 8 bytes of its hash.
using ManifestKey = std::uint64_t;

/// Entries of one RPC; those beyond are left out.
inline constexpr std::size_t kMaxTreeKeysPerRpc = 512;
inline constexpr std::size_t kMaxManifestsPerRpc = 8;
inline constexpr std::size_t kMaxPiecesPerRpc = 64;
inline constexpr std::size_t kMaxPieceIndexes = 4096;  // of one list
inline constexpr std::size_t kMaxManifestBytes = 64 * 1024;

struct Announcement {
  std::string topic;
  std::vector<std::string> ids;
  bool operator==(const Announcement&) const = default;
};

/// Some pieces of a message, by their numbers.
struct PieceList {
  ManifestKey manifest = 0;
  std::vector<std::uint32_t> indexes;
  bool operator==(const PieceList&) const = default;
};

struct Piece {
  ManifestKey manifest = 0;
  std::uint32_t index = 0;
  Bytes data;
  bool operator==(const Piece&) const = default;
};

/// What nodes with the extension "trees" say to each other, in a field of the RPC:
/// docs/gossipsub-trees.md.
struct TreeMessages {
  std::vector<TreeKey> choke{};    // send me no more of these, only their ids
  std::vector<TreeKey> unchoke{};  // send them again
  std::vector<Announcement> announce{};
  std::vector<Bytes> manifests{};
  std::vector<PieceList> have{};
  std::vector<PieceList> want{};
  std::vector<Piece> pieces{};
  /// The sender makes its trees anew, as a peer of its own did not bring what it should.
  bool renewed = false;

  bool operator==(const TreeMessages&) const = default;
  bool empty() const { return *this == TreeMessages{}; }
};

/// Adds the entries of an encoded field to `into`. Throws Error{malformed} or a protozero
/// exception.
void read_tree_messages(ByteView field, TreeMessages& into);

/// Fields to be put one by one into a RPC, each as long as `max_bytes` at most; an announcement of
/// many ids becomes several, a longer manifest or piece is left out.
std::vector<std::string> encode_tree_messages(const TreeMessages& messages, std::size_t max_bytes);

}  // namespace shoal::gossipsub
