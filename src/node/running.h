#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "format/multiaddr.h"
#include "format/peer_id.h"
#include "service/link.h"
#include "system/system.h"

namespace shoal::node {

/// What a running node tells other processes that look at its home.
struct Running {
  /// Something that its peers get from it now.
  struct Served {
    std::string kind;  // "share" or "get"
    service::Link link;
    std::size_t told_peers = 0;  // that were told who has it, so that others find it by CID alone
  };

  /// Somebody who is connected.
  struct Peer {
    PeerId id;
    Multiaddr address;
    std::string path;  // "lan" and so on
    std::vector<std::string> kept_for{};
    std::int64_t round_trip_us = 0;  // 0: not measured yet
    std::int64_t since = 0;          // Unix seconds
    std::string agent{};

    bool operator==(const Peer&) const = default;
  };
  /// A topic that the node, or a peer of it, is in.
  struct Topic {
    std::string name;       // any bytes
    std::size_t peers = 0;  // connected ones that are in it
    bool joined = false;    // here

    bool operator==(const Topic&) const = default;
  };
  /// What connections carry, without the headers of TCP, UDP and IP.
  struct Traffic {
    std::size_t connections = 0;  // of all peers, also those that are not listed
    std::uint64_t in_bytes = 0;   // since the node began
    std::uint64_t out_bytes = 0;
    std::uint64_t in_rate = 0;  // a second, over the last minute
    std::uint64_t out_rate = 0;

    bool operator==(const Traffic&) const = default;
  };
  /// The longest connected come first, so many.
  static constexpr std::size_t kMaxPeers = 256;

  std::string peer_id;
  std::vector<Multiaddr> addresses;  // each with /p2p/ID
  std::string agent;
  std::vector<std::string> protocols;
  std::vector<Served> served;
  std::vector<Peer> peers{};
  std::vector<Topic> topics{};
  Traffic traffic{};
};

/// What the node of this folder last told of itself; to be believed only while the folder's lock is
/// held. None when there is nothing, or nothing readable.
std::optional<Running> read_running(Storage& storage, const std::string& folder);

/// Keeps `folder`/running up to date while it lives: a line for each value, a word before it.
class RunningFile {
 public:
  /// Of something that is served, for as long as that is served. Must not outlive its RunningFile.
  class Entry {
   public:
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    void set_told_peers(std::size_t peers);

   private:
    friend class RunningFile;
    Entry(RunningFile& file, Running::Served served) : file_(file), served_(std::move(served)) {}
    RunningFile& file_;
    Running::Served served_;
    std::list<Entry*>::iterator place_;
  };

  /// Borrows `storage` for its life. With an empty `folder` nothing is written.
  RunningFile(Storage& storage, std::string folder);
  ~RunningFile();
  RunningFile(const RunningFile&) = delete;
  RunningFile& operator=(const RunningFile&) = delete;

  bool is_written() const { return !path_.empty(); }

  /// Who runs; what is served is kept as it is.
  void describe(Running running);
  std::unique_ptr<Entry> add(Running::Served served);
  /// Who is connected now, the topics, and the traffic; written when that is something new.
  void set_lists(std::vector<Running::Peer> peers, std::vector<Running::Topic> topics,
                 const Running::Traffic& traffic);

 private:
  void write() const;

  Storage& storage_;
  const std::string path_;
  std::optional<Running> running_;
  std::list<Entry*> entries_;
};

}  // namespace shoal::node
