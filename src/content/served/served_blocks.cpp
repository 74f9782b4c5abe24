#include "content/served/served_blocks.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "content/local_block.h"

namespace shoal::content {

namespace {

constexpr std::uint32_t kNoNumber = std::numeric_limits<std::uint32_t>::max();

std::uint64_t read_number(ByteView bytes) {
  std::uint64_t out = 0;
  std::memcpy(&out, bytes.data(), std::min(bytes.size(), sizeof out));
  return out;
}

/// Both halves of the product depend on all bits of both factors.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

ServedBlocks::Scope::~Scope() {
  served_.scopes_.erase(place_);
}

void ServedBlocks::Scope::add(const Multihash& hash) {
  const std::uint64_t key = served_.key_of(hash);
  const auto [place, added] = tables_[key % kTables].try_emplace(key, kNoNumber);
  if (added && !is_empty_block(hash)) place->second = size_++;
}

const std::uint32_t* ServedBlocks::Scope::find(std::uint64_t key) const {
  const Numbers& table = tables_[key % kTables];
  const auto found = table.find(key);
  return found == table.end() ? nullptr : &found->second;
}

std::optional<std::uint32_t> ServedBlocks::Scope::number_of(const Multihash& hash) const {
  const std::uint32_t* number = find(served_.key_of(hash));
  if (number == nullptr || *number == kNoNumber) return std::nullopt;
  return *number;
}

ServedBlocks::ServedBlocks(Random& random) {
  const Bytes drawn = random.bytes(sizeof secrets_);
  std::memcpy(secrets_, drawn.data(), sizeof secrets_);
}

std::unique_ptr<ServedBlocks::Scope> ServedBlocks::open() {
  std::unique_ptr<Scope> scope(new Scope(*this));
  scope->place_ = scopes_.insert(scopes_.end(), scope.get());
  return scope;
}

bool ServedBlocks::contains(const Multihash& hash) const {
  const std::uint64_t key = key_of(hash);
  return std::ranges::any_of(scopes_,
                             [key](const Scope* scope) { return scope->find(key) != nullptr; });
}

/// Of the last 16 bytes, which are the digest's: digests of one function are as good as random.
std::uint64_t ServedBlocks::key_of(const Multihash& hash) const {
  const ByteView bytes = hash.encoded();
  const ByteView tail = bytes.last(std::min<std::size_t>(bytes.size(), 16));
  const ByteView rest = tail.subspan(std::min<std::size_t>(tail.size(), 8));
  return fold(read_number(tail) ^ secrets_[0], read_number(rest) ^ secrets_[1]);
}

}  // namespace shoal::content
