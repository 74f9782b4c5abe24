#include "routing/router.h"

namespace shoal::routing {

std::string_view name_of(Source source) {
  switch (source) {
    case Source::link:
      return "link";
    case Source::connected:
      return "connected";
    case Source::lan:
      return "lan";
    case Source::dht:
      return "dht";
    case Source::http:
      return "http";
  }
  return "dht";
}

Task<std::size_t> Router::provide(Cid) {
  co_return 0;
}

void Router::withdraw(const Cid&) {}

Task<void> Router::settle() {
  co_return;
}

}  // namespace shoal::routing
