#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <utility>

#include "format/peer_id.h"
#include "net/fair_line.h"
#include "net/muxer/muxer.h"
#include "system/system.h"

namespace shoal::net {

/// Bounds what peers may say that nobody asked of them, since all of it has to be decrypted, taken
/// apart and answered.
///
/// What is expected (a download, a stream of the program around this node) is read as it comes. Of
/// everything else, each peer may say a little for free; the rest counts against one rate for all
/// peers together. While more is said than that, connections wait before they are read on, and
/// those go first that have said the least lately.
class Toll {
 public:
  /// Of all peers together: at once, and each second.
  static constexpr double kBurstBytes = 2 * 1024 * 1024;
  static constexpr double kBytesPerSecond = 2 * 1024 * 1024;
  /// What each peer may say for free. The questions of one who downloads a GiB in blocks of one MiB
  /// fit in.
  static constexpr double kFreeBytes = 64 * 1024;
  static constexpr double kFreeBytesPerSecond = 4 * 1024;
  /// What a stream costs until it has ended in order: a task, a negotiation, a place in tables.
  static constexpr double kStreamBytes = 8 * 1024;
  /// What a connection pays at a time, before others have their turn.
  static constexpr double kPartBytes = 16 * 1024;

  explicit Toll(System& system, double bytes_per_second = kBytesPerSecond)
      : system_(system), line_(system, kBurstBytes, bytes_per_second) {}

 private:
  struct Account;

 public:
  /// While it lives, the peer may say as much as it likes. Must not outlive the Toll.
  class [[nodiscard]] Expectation {
   public:
    Expectation() = default;
    explicit Expectation(std::shared_ptr<Account> account);
    ~Expectation() { end(); }
    Expectation(Expectation&& other) noexcept : account_(std::exchange(other.account_, nullptr)) {}
    Expectation& operator=(Expectation&& other) noexcept;

    explicit operator bool() const { return account_ != nullptr; }
    void end() noexcept;

   private:
    std::shared_ptr<Account> account_;
  };
  Expectation expect(const PeerId& peer) { return Expectation(account(peer)); }
  bool expects(const PeerId& peer) const;

  /// Pays for one connection to `peer`. Must not outlive the Toll.
  std::unique_ptr<ReadingToll> payer(const PeerId& peer);
  /// A stream that the peer opened did what streams are for.
  void refund_stream(const PeerId& peer);

 private:
  class Payer;

  std::shared_ptr<Account> account(const PeerId& peer);
  std::shared_ptr<Account> find(const PeerId& peer) const;
  Task<void> pay(Payer& payer, std::size_t bytes, std::size_t streams);

  System& system_;
  FairLine line_;
  std::unordered_map<PeerId, std::weak_ptr<Account>> accounts_;
};

}  // namespace shoal::net
