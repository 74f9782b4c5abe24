#pragma once

#include <shoal/request.h>
#include <shoal/time.h>

#include <cstddef>
#include <memory>

namespace shoal::library {

/// A protocol that requests are answered by.
struct Responding {
  StreamResponder responder;
  RespondOptions options;
  std::size_t running = 0;
};

/// Answers the one request of a stream. What leaves it resets the stream.
Async<void> respond(std::shared_ptr<Responding> rules, PeerStream stream);

/// Asks over the stream that `opening` brings.
Async<Answers> ask(Async<PeerStream> opening, ByteVector message, RequestOptions options);
/// The same for one answer.
Async<ByteVector> ask_once(Async<PeerStream> opening, ByteVector message, RequestOptions options);

StreamResponder answering_once(Responder responder);

}  // namespace shoal::library
