#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "format/block.h"
#include "format/cid.h"

namespace shoal {

/// A named pointer of a dag-pb node. `tsize` is what everything below it takes when serialised: a
/// hint of whoever made the node, never to be relied upon.
struct DagPbLink {
  Cid cid;
  std::string name;
  std::uint64_t tsize = 0;

  bool operator==(const DagPbLink&) const = default;
};

/// The same, its name lent by the block.
struct DagPbLinkView {
  Cid cid;
  std::string_view name;
  std::uint64_t tsize = 0;
};

/// A decoded dag-pb block: ipld.io, codecs, dag-pb. Valid as long as the block.
struct DagPbView {
  std::vector<DagPbLinkView> links;
  std::optional<ByteView> data;
};

/// Accepts what go-codec-dagpb accepts: the fields of a link in order, each once at most, the hash
/// always; links in one run, before or after the data; nothing else. Throws Error{malformed}, and
/// {limit} for more than kMaxBlockBytes.
DagPbView decode_dag_pb(ByteView block);

/// The canonical form, as boxo writes it: links sorted by the bytes of their names (those of equal
/// names stay in order), every name and tsize written even if empty, data last. Throws
/// Error{limit} if that is more than kMaxBlockBytes.
Bytes encode_dag_pb(std::span<const DagPbLink> links, std::optional<ByteView> data);

/// How many bytes a link adds to its node's block.
std::size_t encoded_link_bytes(const DagPbLink& link);

/// The sum of `own_bytes` and the tsizes of `links`. Throws Error{malformed} beyond 2^63 - 1.
std::uint64_t cumulative_size(std::uint64_t own_bytes, std::span<const DagPbLink> links);

}  // namespace shoal
