#include "cli/options.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/error.h"

namespace shoal::cli {

namespace {

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

Multiaddr parse_address(std::string_view flag, const std::string& text, std::string_view example) {
  try {
    return Multiaddr::parse(text);
  } catch (const Error& error) {
    throw Error(ErrorCode::usage, fmt::format("{} cannot be '{}': {}", flag, text, error.message()),
                {}, fmt::format("an address looks like {}", example));
  }
}

}  // namespace

std::string default_home() {
  if (std::string home = from_environment("SHOAL_HOME"); !home.empty()) return home;
  // The XDG base directory specification tells to ignore relative paths.
  const std::string data = from_environment("XDG_DATA_HOME");
  if (data.starts_with('/')) return data + "/shoal";
  const std::string user = from_environment("HOME");
  if (!user.empty()) return user + "/.local/share/shoal";
  throw Error(ErrorCode::usage, "no folder for this node's key and index", {},
              "set HOME, or choose one with --home DIR");
}

Multiaddr parse_listen(const std::string& text) {
  return parse_address("--listen", text, "/ip4/0.0.0.0/tcp/4001");
}

Multiaddr parse_peer_address(const char* flag, const std::string& text) {
  static constexpr std::string_view kExample = "/ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...";
  Multiaddr address = parse_address(flag, text, kExample);
  if (!address.peer()) {
    throw Error(ErrorCode::usage,
                fmt::format("{} cannot be '{}': it does not say which peer is there", flag, text),
                {}, fmt::format("it ends in /p2p/ID, like {}", kExample));
  }
  return address;
}

Multiaddr parse_announce(const std::string& text) {
  static constexpr std::string_view kExample = "/ip4/192.0.2.7/tcp/4001";
  Multiaddr address = parse_address("--announce", text, kExample);
  const auto endpoint = address.tcp_endpoint();
  const bool nowhere = endpoint && (endpoint->port == 0 || endpoint->address.is_unspecified());
  if (!nowhere && !address.empty()) return address;
  throw Error(ErrorCode::usage,
              fmt::format("--announce cannot be '{}': nobody can connect to it", text), {},
              fmt::format("name the address and port that others see, like {}", kExample));
}

ColorWhen parse_color(const std::string& text) {
  if (text == "auto") return ColorWhen::automatic;
  if (text == "always") return ColorWhen::always;
  if (text == "never") return ColorWhen::never;
  throw Error(ErrorCode::usage, fmt::format("--color cannot be '{}'", text), {},
              "it is auto, always or never");
}

}  // namespace shoal::cli
