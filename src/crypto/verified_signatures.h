#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "crypto/hash.h"

namespace shoal::crypto {

/// Signatures that were found valid not long ago. The same ones are shown again and again: a peer's
/// proof in every handshake, its record in every identify and to every peer. A repeated check costs
/// a hash instead of a multiplication on a curve.
///
/// Only valid ones are kept, so nothing that fails is ever remembered as valid, and what was
/// forgotten is checked again: what a caller sees does not depend on it.
class VerifiedSignatures {
 public:
  /// In each of two generations; the older one goes when the younger one is full. 5 MB at most.
  static constexpr std::size_t kMaxInGeneration = 32 * 1024;

  /// What stands for key, message and signature: no two of them have the same.
  static Sha256Digest name_of(std::uint8_t key_type, ByteView key, ByteView message,
                              ByteView signature);

  bool contains(const Sha256Digest& name) const;
  void add(const Sha256Digest& name);
  std::size_t size() const { return younger_.size() + older_.size(); }

 private:
  struct FirstBytes {
    std::size_t operator()(const Sha256Digest& name) const;
  };
  /// In one piece: nodes that live long, each in a page of its own, would keep from the system all
  /// that was freed around them after a crowd of strangers.
  using Generation = boost::unordered_flat_set<Sha256Digest, FirstBytes>;

  Generation younger_;
  Generation older_;
};

}  // namespace shoal::crypto
