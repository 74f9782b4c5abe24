#include "protocol/kad/value_store.h"

#include <array>
#include <iterator>
#include <utility>

#include "base/error.h"

namespace shoal::kad {
namespace {

std::size_t bytes_taken(const Bytes& key, const Bytes& value) {
  return 2 * key.size() + value.size() + ValueStore::kOverheadBytes;
}

}  // namespace

void ValueStore::put(const Bytes& key, const Bytes& value, const std::optional<IpGroup>& from,
                     TimePoint now) {
  if (key.size() > kMaxKeyBytes || value.size() > Record::kMaxValueBytes) {
    throw Error(ErrorCode::limit, "value of the DHT that is too long");
  }
  validators_.validate(key, value);
  const std::optional<Record> here = get(key, now);
  if (here && here->value != value) {
    const std::array<Bytes, 2> both = {here->value, value};
    if (validators_.select(key, both) == 0) {
      throw Error(ErrorCode::refused, "a better value of this key is here");
    }
  }
  keep(key, {.value = value, .from = from, .put_at = now});
}

std::optional<Record> ValueStore::get(const Bytes& key, TimePoint now) {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  if (now - found->second.put_at >= kLifetime) {
    erase(found);
    return std::nullopt;
  }
  try {
    validators_.validate(key, found->second.value);
  } catch (const Error&) {
    erase(found);  // such as a record of IPNS that has ended since
    return std::nullopt;
  }
  return Record{key, found->second.value, {}};
}

void ValueStore::keep(const Bytes& key, Stored stored) {
  const std::size_t bytes = bytes_taken(key, stored.value);
  if (bytes > max_bytes_) throw Error(ErrorCode::limit, "no room for a value of the DHT");
  if (const auto old = values_.find(key); old != values_.end()) erase(old);
  while (shares_.total() + bytes > max_bytes_) {
    if (!evict_one()) break;
  }
  stored.number = next_number_++;
  shares_.add(stored.from, stored.number, bytes);
  keys_.emplace(stored.number, key);
  values_.emplace(key, std::move(stored));
}

ValueStore::Values::iterator ValueStore::erase(Values::iterator found) {
  const Stored& stored = found->second;
  shares_.subtract(stored.from, stored.number, bytes_taken(found->first, stored.value));
  keys_.erase(stored.number);
  return values_.erase(found);
}

bool ValueStore::evict_one() {
  const std::optional<std::uint64_t> largest = shares_.heaviest();
  if (!largest) return false;
  erase(values_.find(keys_.at(*largest)));
  return true;
}

void ValueStore::expire(TimePoint now) {
  for (auto at = values_.begin(); at != values_.end();) {
    at = now - at->second.put_at >= kLifetime ? erase(at) : std::next(at);
  }
}

}  // namespace shoal::kad
