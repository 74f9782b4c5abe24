#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"

namespace shoal::cli {

/// Flags and arguments as they were written; empty where they were not.
struct Written {
  std::string home, up, down, timeout, color = "auto";
  std::vector<std::string> listen, connect, bootstrap, routers, announce_at, relays;
  std::string network;
  std::string tls_cert, tls_key, tls_ca;
  bool no_lan = false, is_public = false, relay_service = false;
  bool no_port_mapping = false;
  bool json = false, quiet = false, no_progress = false;
  int verbosity = 0;

  IndexOptions index;
  std::string name, until_sent;
  bool index_only = false, no_qr = false;

  std::string link, output;
  bool force = false, seed = false, recursive = false;
  std::string offset, length;
  std::string max_size, max_files;

  std::string peer, count;

  std::vector<std::string> forgotten;
  bool forget_all = false;
  bool lift = false;

  std::string cid, action, key, value, file, bytes;

  std::string experiment, lab_seed, nodes, size, attackers, lab_rate, out;
  bool processes = false;
  std::string target, ticket, local;
  std::vector<std::string> allowed;
  bool new_ticket = false, http = false;
  std::string topic;
  bool whole = false, raw = false, make_private = false, unsigned_messages = false;

  std::string helped;
};

/// CLI11 makes a list of a word like [a,b], and an empty one of {}; but a file may be called so. A
/// mark at its end, which no word of a command line can have, keeps a word whole.
inline constexpr char kMark = '\0';
void mark(std::string& word);
std::string unmarked(std::string word);

/// An argument or flag with one value, which must not be empty.
CLI::Option* single(CLI::App& app, const char* name, std::string& into, const char* type,
                    const char* about);
/// With any number of values.
CLI::Option* several(CLI::App& app, const char* name, std::vector<std::string>& into,
                     const char* type, const char* about);
/// A flag that may be given more than once.
CLI::Option* repeatable(CLI::App& app, const char* flag, std::vector<std::string>& into,
                        const char* type, const char* about);

CLI::App& add_command(CLI::App& app, const char* name, const char* about, const char* examples);

}  // namespace shoal::cli
