#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "crypto/keys.h"
#include "format/peer_id.h"
#include "net/muxer/yamux/frame.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::hostile {

/// Whom to attack, and from where.
struct Target {
  Endpoint endpoint;
  PeerId peer;
};

/// A connection to the target that obeys nobody: bare bytes, or frames over a true Noise channel.
class Wire {
 public:
  /// Connects from `source`, so that a host with many loopback addresses plays many hosts. Throws
  /// Error{closed}.
  static Task<std::unique_ptr<Wire>> connect(System& system, Target target, IpAddress source);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// Proposes /noise and makes the handshake with a fresh identity, up to a bare yamux connection.
  Task<void> secure();

  Task<void> send(Bytes bytes);
  Task<void> send_text(std::string_view text) { return send(to_bytes(text)); }
  /// Exactly so many bytes.
  Task<Bytes> read(std::size_t bytes);
  /// Reads and throws away until the target ends the connection.
  Task<void> read_to_end();
  /// Reads and throws away beside whatever else is done.
  void drain();
  /// Reads beside whatever else is done; what fails there breaks the wire.
  void read_by(Task<void> reader);
  /// Ends the reading; to be awaited before the wire goes.
  Task<void> stop();

  System& system() { return system_; }

 private:
  Wire(System& system, Target target, std::unique_ptr<Stream> stream);
  Task<void> until_closed(Task<void> reader);

  System& system_;
  const Target target_;
  std::unique_ptr<Stream> stream_;
  TaskGroup readers_;
};

/// A yamux frame with its payload.
Bytes frame(yamux::FrameType type, std::uint16_t flags, yamux::StreamId stream,
            std::uint32_t length, ByteView payload = {});
/// Opens a stream, agrees lazily on `protocol`, and says `payload`: in frames of at most 64 KiB.
Bytes opened(yamux::StreamId stream, std::string_view protocol, ByteView payload);
/// More of a stream.
Bytes more(yamux::StreamId stream, ByteView payload, std::uint16_t flags = 0);
/// A message with its length in front.
Bytes prefixed(ByteView message);
/// One line of multistream-select.
Bytes line(std::string_view text);

}  // namespace shoal::hostile
