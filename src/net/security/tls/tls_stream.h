#pragma once

#include <memory>
#include <optional>

#include "net/security/frame_buffer.h"
#include "net/security/tls/control.h"
#include "net/security/tls/key_schedule.h"
#include "net/security/tls/record.h"
#include "system/network.h"

namespace shoal::net {

/// What follows the handshake: seals what is written and opens what is read, where it is wanted;
/// keeps no memory while idle but a small read buffer.
class TlsStream final : public Stream {
 public:
  TlsStream(std::unique_ptr<Stream> under, const tls::TrafficKeys& keys)
      : under_(std::move(under)),
        sealer_(keys.suite, keys.send),
        opener_(keys.suite, keys.receive),
        buffer_(tls::make_receive_buffer()) {}

  Task<std::size_t> read_some(MutableBytes into) override;
  Task<void> write(std::span<const ByteView> pieces) override;
  Task<void> close_write() override;
  void abort() noexcept override { under_->abort(); }
  std::size_t take_overhead_bytes() noexcept override;

 private:
  std::size_t take_opened(MutableBytes into);
  std::size_t open_record(MutableBytes record, MutableBytes into);
  void obey(tls::Request request);
  Task<void> update_sending_key();

  std::unique_ptr<Stream> under_;
  tls::RecordSealer sealer_;
  tls::RecordOpener opener_;
  tls::ControlReader control_;
  FrameBuffer buffer_;
  std::optional<MutableBytes> record_;  // in buffer_, whole, not yet opened
  ByteView opened_;                     // in buffer_, not yet taken
  bool ended_ = false;                  // by the peer
  bool owes_update_ = false;
  std::size_t overhead_bytes_ = 0;
};

}  // namespace shoal::net
