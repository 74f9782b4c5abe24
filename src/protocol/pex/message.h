#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "format/cid.h"
#include "format/peer_id.h"
#include "format/peer_record.h"

namespace shoal::pex {

/// Peer exchange: whoever gets or serves a tree asks a peer of the same tree for the others.
///
/// The asker opens a stream and says which root it is about (Hello), with its own signed peer
/// record if others may be told of it. The answerer says at once, and again whenever there is more,
/// who else is there (Names), until either of them ends the stream. One that neither gets nor
/// serves this root ends it without a word. Each message is preceded by its length as a varint.
inline constexpr const char* kProtocol = "/shoal/peers/1.0.0";

/// A signed record that is passed on is no longer than this.
inline constexpr std::size_t kMaxRecordBytes = 2 * 1024;
inline constexpr std::size_t kMaxNames = 32;
inline constexpr std::size_t kMaxMessageBytes = 80 * 1024;

struct Hello {
  Cid root;
  /// An envelope with the asker's peer record; empty when it is not to be named to others.
  Bytes record;

  Bytes encode() const;
  /// Throws Error{malformed}, Error{limit}.
  static Hello decode(ByteView bytes);
};

/// A peer and what it signed of itself; not verified yet.
struct Named {
  PeerId id;
  Bytes record;

  bool operator==(const Named&) const = default;
};

struct Names {
  /// The sender has every block of the tree.
  bool whole = false;
  std::vector<Named> peers;

  Bytes encode() const;
  /// Peers whose ids cannot be read, or whose records are too long, are left out, and so are those
  /// beyond kMaxNames. Throws Error{malformed}.
  static Names decode(ByteView bytes);
  bool operator==(const Names&) const = default;
};

}  // namespace shoal::pex
