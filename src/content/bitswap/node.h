#pragma once

#include <memory>
#include <string>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "content/bitswap/block_reader.h"
#include "content/bitswap/message.h"
#include "content/bitswap/want_table.h"

namespace shoal::content::bitswap {

/// Bitswap over whatever blocks can be read from. `speaks`: the protocols that are answered.
std::unique_ptr<Bitswap> make_node(System& system, net::Swarm& swarm,
                                   std::unique_ptr<BlockReader> store,
                                   std::unique_ptr<ServedBlocks> served, Tuning tuning,
                                   std::vector<std::string> speaks = protocols());

}  // namespace shoal::content::bitswap
