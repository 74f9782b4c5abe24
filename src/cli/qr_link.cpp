#include "cli/qr_link.h"

#include "format/multibase.h"

namespace shoal::cli {

namespace {

constexpr std::string_view kPeer = "/p2p/";

/// The peer id as a CIDv1 in capitals, which the libp2p spec lets stand for it.
std::string short_provider(const Multiaddr& provider) {
  const Cid peer = Cid::v1(Codec::libp2p_key, Multihash::decode(provider.peer()->encoded()));
  return provider.without_peer().to_string() + std::string(kPeer) +
         encode_multibase(Base::base36_upper, peer.encode());
}

}  // namespace

std::vector<std::string> qr_texts(const service::Link& link) {
  std::vector<std::string> out;
  service::Link fewer = link;
  for (; fewer.providers.size() > 1; fewer.providers.pop_back()) out.push_back(fewer.to_string());
  out.push_back(fewer.to_string());
  const std::string cid = encode_multibase(Base::base36_upper, link.cid.encode());
  if (link.providers.empty()) {
    out.push_back("IPFS://" + cid);
    return out;
  }
  const std::string provider = "?provider=" + short_provider(link.providers.front());
  out.push_back("IPFS://" + cid + provider);
  out.push_back(cid + provider);
  return out;
}

}  // namespace shoal::cli
