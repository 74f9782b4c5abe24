#include "routing/routing.h"

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

}  // namespace shoal::routing
