#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/cid.h"
#include "format/multiaddr.h"

namespace shoal::service {

/// What a user hands to `get` and gets from `share`: a CID, perhaps a path below it, a suggested
/// name, and peers that are known to have it.
struct Link {
  static constexpr std::size_t kMaxTextBytes = 16 * 1024;
  static constexpr std::size_t kMaxProviders = 8;
  static constexpr std::size_t kMaxPathSegments = 128;

  Cid cid;
  std::vector<std::string> path;  // segments below the CID, decoded, none of them empty
  std::string filename;  // of what the CID names; not to be trusted as a path; may be empty
  std::vector<Multiaddr> providers;     // each ends in /p2p/ID
  std::vector<std::string> unusable{};  // providers that are skipped, each with the reason

  /// Takes `ipfs://CID[/path][?filename=…&provider=…][/path]`, `CID[/path]`, `/ipfs/CID[/path]`,
  /// and gateway URLs of both kinds (`https://host/ipfs/CID/…`, `https://CID.ipfs.host/…`). Unknown
  /// parameters are ignored, as is white space around it, or a pair of <>, and so are providers
  /// beyond the first eight. Throws Error{usage} saying what is wrong where; also when it names
  /// providers, none of which can be used, unless others are known to ask.
  static Link parse(std::string_view text, bool others_known = false);

  /// `ipfs://CID/path?filename=NAME&provider=MULTIADDR…`, each value percent-encoded (IPIP-504).
  std::string to_string() const;
};

/// How to write what a path in a link cannot have as it is.
inline constexpr std::string_view kEncodingHint =
    "percent-encode what is in the path: % is %25, & is %26, # is %23, ? is %3F";

/// RFC 3986, 2.1: all but the unreserved characters.
std::string percent_encode(std::string_view text);
/// Throws Error{usage} for a broken escape.
std::string percent_decode(std::string_view text);

}  // namespace shoal::service
