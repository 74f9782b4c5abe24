#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "format/cid.h"

namespace shoal::content::bitswap {

/// One of so many blocks that a script names by their number.
template <std::size_t kBlocks>
const Cid& cid_of(std::size_t number) {
  static const std::vector<Cid> cids = [] {
    std::vector<Cid> out;
    for (std::size_t i = 0; i < kBlocks; ++i) {
      out.push_back(Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes(std::to_string(i)))));
    }
    return out;
  }();
  return cids[number % kBlocks];
}

}  // namespace shoal::content::bitswap
