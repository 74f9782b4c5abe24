#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "format/multiaddr.h"
#include "system/time.h"

namespace shoal::cli {

/// Files of TLS around WebSocket; empty: none was given.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string roots;
};

/// What stands under "Every command" in docs/cli.md.
struct CommonOptions {
  std::string home;  // empty: default_home(), for the commands that need one
  std::vector<Multiaddr> listen;
  std::vector<Multiaddr> connect;    // each ends in /p2p/ID
  std::vector<Multiaddr> bootstrap;  // the same
  std::vector<std::string> routers;  // RouterUrl::parse takes them
  std::vector<Multiaddr> announce;
  std::vector<Multiaddr> relays;  // each ends in /p2p/ID
  bool relay_service = false;
  bool port_mapping = true;
  std::string network_file;  // empty: none
  TlsFiles tls;
  bool lan = true;
  bool is_public = false;
  std::uint64_t up = 0;  // bytes a second; 0: no limit
  std::uint64_t down = 0;
  std::optional<Duration> timeout;
  int verbosity = 0;  // how many -v
  OutputOptions output;
};

/// The default of --home: SHOAL_HOME, else $XDG_DATA_HOME/shoal, else ~/.local/share/shoal. Throws
/// Error{usage} when the environment names none.
std::string default_home();

/// Decides how its argument is read; throws Error{usage} naming `flag`.
Multiaddr parse_listen(const std::string& text);
/// An address that ends in /p2p/ID.
Multiaddr parse_peer_address(const char* flag, const std::string& text);
Multiaddr parse_announce(const std::string& text);
ColorWhen parse_color(const std::string& text);

}  // namespace shoal::cli
