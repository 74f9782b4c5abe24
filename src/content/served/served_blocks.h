#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <list>
#include <memory>

#include "format/multihash.h"
#include "system/random.h"

namespace shoal::content {

/// The blocks that a node answers for: those of its running shares and downloads, whatever else its
/// index remembers.
///
/// Keeps 64 bits of each hash, keyed by a secret of this process, so that no peer can find a block
/// that passes for another. About 16 bytes of memory a block.
class ServedBlocks {
 public:
  /// The blocks of one share or download; answered for until it is destroyed. Must not outlive its
  /// ServedBlocks.
  class Scope {
   public:
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    void add(const Multihash& hash) { keys_.insert(served_.key_of(hash)); }
    bool contains(const Multihash& hash) const { return keys_.contains(served_.key_of(hash)); }
    /// Distinct blocks.
    std::size_t size() const { return keys_.size(); }

   private:
    friend class ServedBlocks;
    explicit Scope(ServedBlocks& served) : served_(served) {}

    ServedBlocks& served_;
    std::list<Scope*>::iterator place_;
    boost::unordered_flat_set<std::uint64_t> keys_;
  };

  explicit ServedBlocks(Random& random);

  std::unique_ptr<Scope> open();
  bool contains(const Multihash& hash) const;
  std::uint64_t key_of(const Multihash& hash) const;

 private:
  std::uint64_t secrets_[2];
  std::list<Scope*> scopes_;
};

}  // namespace shoal::content
