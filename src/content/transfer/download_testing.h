#pragma once

#include <gtest/gtest.h>

#include <set>

#include "content/transfer/download.h"
#include "content/transfer/test_tree.h"
#include "system/sim/world.h"

namespace shoal::content {

inline constexpr std::size_t kChunk = 64 * 1024;

inline Bytes chunk(int number, std::size_t bytes = kChunk) {
  Bytes out(bytes);
  std::uint32_t state = static_cast<std::uint32_t>(number) * 2654435761U + 1;
  for (std::uint8_t& byte : out) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return out;
}

/// Gives what the tree has, and counts.
class TreeSession final : public Session {
 public:
  TreeSession(System& system, const TestTree& tree) : system_(system), tree_(tree) {}
  void add_peer(const PeerId&) override {}
  void expect_peers(bool) override {}
  Task<Block> fetch(Cid cid) override {
    const auto found = tree_.blocks.find(cid);
    if (found == tree_.blocks.end() || fetched.size() >= most) {
      // All else that can be done is done by then.
      co_await system_.clock.sleep_for(1s);
      throw Error(ErrorCode::not_found, "nobody has it");
    }
    fetched.push_back(cid);
    if (pause != Duration::zero()) {
      ++asked;
      co_await system_.clock.sleep_for(asked * pause);
    }
    co_return Block{cid, SharedBytes(found->second)};
  }
  const SessionCounts& counts() const override { return counts_; }
  std::size_t live_peers() const override { return 1; }

  std::vector<Cid> fetched;
  std::size_t most = std::numeric_limits<std::size_t>::max();
  Duration pause{};  // each comes so much later than the one before
  int asked = 0;

 private:
  System& system_;
  const TestTree& tree_;
  const SessionCounts counts_;
};

class NoBitswap final : public Bitswap {
 public:
  explicit NoBitswap(Random& random) : served_(random) {}
  std::unique_ptr<Session> session(Asks) override { return nullptr; }
  std::shared_ptr<void> who_has(Cid, std::function<void(const PeerId&)>) override {
    return nullptr;
  }
  ServedBlocks& served() override { return served_; }
  void offer(const Multihash& hash) override { offered.insert(hash); }
  void offer_all() override {}
  std::size_t bytes_leaving(const BlockFilter&) const override { return 0; }
  void when_bad_peer(std::function<void(const BadPeer&)>) override {}
  Subscription when_sent(std::function<void(const Sent&)>) override { return {}; }
  Task<void> stop() override { co_return; }

  std::set<Multihash> offered;

 private:
  ServedBlocks served_;
};

class Downloads : public ::testing::Test {
 protected:
  explicit Downloads(std::uint64_t disk_bytes = std::uint64_t{1} << 40)
      : host(world.add_host({.disk_bytes = disk_bytes})),
        storage(host.system().storage),
        session(host.system(), tree) {
    storage.make_folder("/home");
    storage.make_folder("/out");
    store = std::make_unique<BlockStore>(host.system(), "/home");
  }
  ~Downloads() override { world.run(store->stop()); }

  /// How it failed, if it did.
  std::optional<ErrorCode> get(const Cid& cid, bool replace = false, std::string name = "t") {
    session.fetched.clear();
    Download download(
        host.system(), *store, bitswap, session, cid,
        {.folder = "/out", .name = std::move(name), .replace = replace, .limits = limits});
    const auto error = world.run(error_of(download.run()));
    counts = download.counts();
    if (!error) return std::nullopt;
    message = error->message();
    subject = error->subject();
    hint = error->hint();
    return error->code();
  }
  Bytes read(const std::string& path) {
    const auto file = storage.open(path, Access::read);
    Bytes bytes(file->info().size);
    file->read_at(0, bytes);
    return bytes;
  }
  void write(const std::string& path, ByteView bytes, std::uint64_t at = 0) {
    storage.open(path, Access::create)->write_at(at, bytes);
  }
  /// The names beside the target and the target itself.
  std::vector<std::string> names(const std::string& folder = "/out") {
    std::vector<std::string> out;
    for (const FolderEntry& entry : storage.list(folder)) out.push_back(entry.name);
    return out;
  }
  std::string partial() {
    for (const std::string& name : names()) {
      if (name.ends_with(".shoal")) return "/out/" + name;
    }
    ADD_FAILURE() << "there is no partial tree";
    return "/out/none";
  }
  FileKind kind(const std::string& path) {
    const auto info = storage.info(path);
    return info ? info->kind : FileKind::other;
  }
  Cid file_of(int first, int count, UnixfsMetadata metadata = {}) {
    TestTree::Parts parts;
    for (int i = 0; i < count; ++i) parts.emplace_back(tree.raw(chunk(first + i)), kChunk);
    return tree.file(parts, metadata);
  }
  Bytes content_of(int first, int count) {
    Bytes out;
    for (int i = 0; i < count; ++i) append(out, chunk(first + i));
    return out;
  }
  bool fetched(const Cid& cid) {
    return std::ranges::find(session.fetched, cid) != session.fetched.end();
  }

  sim::World world;
  sim::Host& host;
  Storage& storage;
  TestTree tree;
  TreeSession session;
  NoBitswap bitswap{host.system().random};
  std::unique_ptr<BlockStore> store;
  DownloadCounts counts;
  TreeLimits limits;
  std::string message;
  std::string subject;
  std::string hint;
};

inline const std::vector<std::string> kOnlyTarget = {"t"};
constexpr std::optional<ErrorCode> kDone = std::nullopt;

}  // namespace shoal::content
