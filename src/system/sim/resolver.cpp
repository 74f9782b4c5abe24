#include "system/sim/resolver.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "system/localhost.h"

namespace shoal::sim {

namespace {

constexpr std::size_t kMaxAddresses = 32;
constexpr std::size_t kMaxTexts = 64;

template <class Value>
std::vector<Value> look_up(const std::map<std::string, std::vector<Value>>& table,
                           const std::string& name, std::size_t at_most) {
  const auto found = table.find(name);
  if (found == table.end() || found->second.empty()) {
    throw Error(ErrorCode::not_found, "no such name", name);
  }
  const auto& all = found->second;
  const auto count = static_cast<std::ptrdiff_t>(std::min(all.size(), at_most));
  return {all.begin(), all.begin() + count};
}

}  // namespace

void NameTable::set_addresses(std::string host, std::vector<IpAddress> addresses) {
  addresses_[std::move(host)] = std::move(addresses);
}

void NameTable::set_texts(std::string name, std::vector<std::string> texts) {
  texts_[std::move(name)] = std::move(texts);
}

void NameTable::inject(const std::string& name) {
  if (!faults_.fires("resolver.answer")) return;
  throw Error(ErrorCode::not_found, "no server answers", name);
}

Task<std::vector<IpAddress>> NameTable::addresses(std::string host) {
  if (is_localhost(host)) co_return localhost_addresses();
  inject(host);
  co_return look_up(addresses_, host, kMaxAddresses);
}

Task<std::vector<std::string>> NameTable::texts(std::string name) {
  inject(name);
  co_return look_up(texts_, name, kMaxTexts);
}

}  // namespace shoal::sim
