#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include "format/multihash.h"
#include "system/random.h"

namespace shoal::content {

/// The blocks that a node answers for: those of its running shares and downloads, whatever else its
/// index remembers.
///
/// Keeps 64 bits of each hash, keyed by a secret of this process, so that no peer can find a block
/// that passes for another. About 20 bytes of memory a block.
class ServedBlocks {
 public:
  /// The blocks of one share or download; answered for until it is destroyed. Must not outlive its
  /// ServedBlocks.
  class Scope {
   public:
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    void add(const Multihash& hash);
    bool contains(const Multihash& hash) const { return find(served_.key_of(hash)) != nullptr; }
    /// Of each block another, below size(). None for the empty block, which many never ask for.
    std::optional<std::uint32_t> number_of(const Multihash& hash) const;
    /// Distinct blocks, the empty one not counted.
    std::size_t size() const { return size_; }

   private:
    friend class ServedBlocks;
    using Numbers = boost::unordered_flat_map<std::uint64_t, std::uint32_t>;
    /// A table that grows moves all that it has, in one turn of the event loop: several small ones
    /// grow one by one.
    static constexpr std::size_t kTables = 64;

    explicit Scope(ServedBlocks& served) : served_(served) {}
    const std::uint32_t* find(std::uint64_t key) const;

    ServedBlocks& served_;
    std::list<Scope*>::iterator place_;
    std::array<Numbers, kTables> tables_;  // by the low bits of the key
    std::uint32_t size_ = 0;
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
