#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "format/peer_id.h"
#include "net/muxer/muxer.h"
#include "net/resources/fair_queue.h"
#include "system/system.h"

namespace shoal::net {

/// Limits what peers send unsolicited, since all of it has to be decrypted, parsed and answered.
///
/// Solicited data (a download, a stream of the program around this node) is read without limit, an
/// answer that is expected up to the bytes that it may have. Of everything else, each peer has a
/// small free allowance; what exceeds it shares one rate among all peers. While that is exhausted,
/// connections are not read, and the peers that sent least lately go first.
class IngressLimiter {
 public:
  /// Of all peers together: at once, and each second.
  static constexpr double kBurstBytes = 2 * 1024 * 1024;
  static constexpr double kBytesPerSecond = 2 * 1024 * 1024;
  /// What each peer may send beside that. The wants of a peer that downloads a GiB in blocks of one
  /// MiB fit in.
  static constexpr double kFreeBytes = 64 * 1024;
  static constexpr double kFreeBytesPerSecond = 4 * 1024;
  /// What a stream costs until it has ended in order: a task, a negotiation, a place in tables.
  static constexpr double kStreamBytes = 8 * 1024;
  /// What one connection acquires at a time, so that others get their share between.
  static constexpr double kPartBytes = 16 * 1024;

  explicit IngressLimiter(System& system, double bytes_per_second = kBytesPerSecond)
      : system_(system), queue_(system, kBurstBytes, bytes_per_second) {}

 private:
  struct Account;

 public:
  /// While it lives, the peer is not limited, or only beyond so many bytes. Must not outlive the
  /// IngressLimiter.
  class [[nodiscard]] Solicited {
   public:
    Solicited() = default;
    Solicited(std::shared_ptr<Account> account, std::optional<double> bytes);
    ~Solicited() { end(); }
    Solicited(Solicited&& other) noexcept
        : account_(std::exchange(other.account_, nullptr)), bytes_(other.bytes_) {}
    Solicited& operator=(Solicited&& other) noexcept;

    explicit operator bool() const { return account_ != nullptr; }
    void end() noexcept;

   private:
    std::shared_ptr<Account> account_;
    std::optional<double> bytes_;
  };
  Solicited solicit(const PeerId& peer) { return {account(peer), std::nullopt}; }
  /// For one answer of at most so many bytes: all else that the peer says is limited as before.
  Solicited expect(const PeerId& peer, std::size_t bytes) {
    return {account(peer), static_cast<double>(bytes)};
  }
  /// Whether anything is asked of it.
  bool is_solicited(const PeerId& peer) const;

  /// Pays for one connection to `peer`. Must not outlive the IngressLimiter.
  std::unique_ptr<ReadLimiter> payer(const PeerId& peer);
  /// A stream that the peer opened did what streams are for.
  void refund_stream(const PeerId& peer);

 private:
  class Payer;

  std::shared_ptr<Account> account(const PeerId& peer);
  std::shared_ptr<Account> find(const PeerId& peer) const;
  Task<void> pay(Payer& payer, std::size_t bytes, std::size_t streams);

  System& system_;
  FairQueue queue_;
  std::unordered_map<PeerId, std::weak_ptr<Account>> accounts_;
};

}  // namespace shoal::net
