// `load PEER-ADDRESS STREAMS BYTES`: so many streams at once to an echo, each with so many bytes
// there and back, compared as they come.
#include <shoal/shoal.h>
#include <cstdlib>
#include <iostream>

namespace {

constexpr std::size_t kPiece = 256 * 1024;

/// The bytes of stream `stream` from `offset` on.
void fill(std::span<std::byte> memory, std::uint64_t stream, std::uint64_t offset) {
  for (std::size_t i = 0; i < memory.size(); ++i) {
    const std::uint64_t at = offset + i;
    memory[i] = static_cast<std::byte>((at + (at >> 8) * 31 + stream * 17) & 0xff);
  }
}

shoal::Async<void> write_all(shoal::PeerStream& stream, std::uint64_t number, std::uint64_t bytes) {
  shoal::ByteVector piece;
  for (std::uint64_t done = 0; done < bytes; done += piece.size()) {
    piece.resize(std::min<std::uint64_t>(kPiece, bytes - done));
    fill(piece, number, done);
    co_await stream.write(piece);
  }
  co_await stream.close();
}

shoal::Async<void> read_all(shoal::PeerStream& stream, std::uint64_t number, std::uint64_t bytes) {
  shoal::ByteVector expected;
  shoal::ByteVector piece;
  std::uint64_t done = 0;
  do {
    piece = co_await stream.read();
    expected.resize(piece.size());
    fill(expected, number, done);
    if (piece != expected) throw shoal::Error(shoal::ErrorCode::corrupt, "other bytes came back");
    done += piece.size();
  } while (!piece.empty());
  if (done != bytes) throw shoal::Error(shoal::ErrorCode::corrupt, "not all came back");
}

shoal::Async<void> one(shoal::Node& node, std::string peer, std::uint64_t number,
                       std::uint64_t bytes) {
  shoal::PeerStream stream = co_await node.open(peer, "/echo/1.0.0");
  std::vector<shoal::Async<void>> both;
  both.push_back(write_all(stream, number, bytes));
  both.push_back(read_all(stream, number, bytes));
  co_await shoal::all(std::move(both));
}

shoal::Async<void> many(shoal::Node& node, std::string peer, std::uint64_t streams,
                        std::uint64_t bytes) {
  std::vector<shoal::Async<void>> works;
  for (std::uint64_t i = 0; i < streams; ++i) works.push_back(one(node, peer, i, bytes));
  co_await shoal::all(std::move(works));
}

}  // namespace

int main(int, char** arguments) {
  const std::uint64_t streams = std::strtoull(arguments[2], nullptr, 10);
  const std::uint64_t bytes = std::strtoull(arguments[3], nullptr, 10);
  shoal::Node node({.listen = {"/ip4/127.0.0.1/tcp/0"}});
  const auto began = node.now();
  node.run(many(node, arguments[1], streams, bytes));
  const double seconds = std::chrono::duration<double>(node.now() - began).count();
  std::cout << streams << " streams of " << bytes << " bytes there and back in " << seconds
            << " s, " << static_cast<double>(streams * bytes) / seconds / 1e6 << " MB/s each way"
            << std::endl;
}
