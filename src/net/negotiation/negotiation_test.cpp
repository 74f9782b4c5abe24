#include <gtest/gtest.h>

#include "base/error.h"
#include "net/negotiation/dialer.h"
#include "net/negotiation/line.h"
#include "net/negotiation/listener.h"

namespace shoal::multistream {
namespace {

using Lines = std::vector<std::string>;

Bytes lines(const Lines& texts) {
  Bytes out;
  for (const auto& text : texts) append_line(out, text);
  return out;
}

Lines read_lines(ByteView bytes) {
  Lines texts;
  LineReader reader;
  while (!bytes.empty()) {
    if (auto line = reader.take(bytes)) texts.push_back(*line);
  }
  return texts;
}

ErrorCode failure(ByteView bytes) {
  try {
    LineReader reader;
    reader.take(bytes);
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "accepted " << to_hex(bytes);
  return ErrorCode::failed;
}

/// Gives `bytes` to one side in pieces of `step`, as a stream would, and returns its answers.
/// Expects that it takes `follows` bytes less than there are.
template <class Side>
Bytes give(Side& side, ByteView bytes, std::size_t step, std::size_t follows = 0) {
  Bytes answers;
  ByteView rest = bytes;
  while (!rest.empty() && side.progress() == Progress::pending) {
    const std::size_t size = std::min(step, rest.size());
    auto piece = rest.first(size);
    append(answers, side.receive(piece));
    rest = rest.subspan(size - piece.size());
    if (!piece.empty()) break;
  }
  EXPECT_EQ(rest.size(), follows);
  return answers;
}

TEST(MultistreamLine, has_the_encoding_of_the_spec) {
  EXPECT_EQ(to_hex(lines({"na"})), "036e610a");
  EXPECT_EQ(to_hex(lines({"/multistream/1.0.0"})), "132f6d756c746973747265616d2f312e302e300a");
}

TEST(MultistreamLine, has_at_most_1024_bytes) {
  const std::string longest = "/" + std::string(1022, 'a');
  const auto bytes = lines({longest});
  EXPECT_EQ(bytes.size(), 2 + 1024);
  EXPECT_EQ(read_lines(bytes), Lines{longest});
  EXPECT_EQ(failure(from_hex("8108")), ErrorCode::limit);
  EXPECT_EQ(failure(from_hex("ffff")), ErrorCode::limit);
  EXPECT_EQ(failure(from_hex("ffffffffffffffffff01")), ErrorCode::limit);
}

TEST(MultistreamLine, refuses_lengths_that_are_zero_or_not_minimal) {
  EXPECT_EQ(failure(from_hex("00")), ErrorCode::malformed);
  EXPECT_EQ(failure(from_hex("83006e610a")), ErrorCode::malformed);
}

TEST(MultistreamLine, refuses_a_missing_newline_and_one_too_many) {
  EXPECT_EQ(failure(from_hex("036e6161")), ErrorCode::malformed);
  EXPECT_EQ(failure(from_hex("030a610a")), ErrorCode::malformed);
  EXPECT_EQ(failure(from_hex("036e0a0a")), ErrorCode::malformed);
}

TEST(MultistreamLine, waits_for_the_rest_and_takes_no_more) {
  const auto bytes = lines({"na", "/next"});
  LineReader reader;
  ByteView rest(bytes);
  EXPECT_EQ(reader.take(rest), "na");
  EXPECT_EQ(rest.size(), bytes.size() - 4);
  auto part = rest.first(3);
  EXPECT_EQ(reader.take(part), std::nullopt);
  EXPECT_TRUE(part.empty());
}

TEST(MultistreamDialer, agrees_on_its_first_choice) {
  Dialer dialer({"/a", "/b"});
  EXPECT_EQ(read_lines(dialer.start()), (Lines{kHeader.data(), "/a"}));
  EXPECT_EQ(give(dialer, lines({kHeader.data(), "/a"}), 1000), Bytes());
  EXPECT_EQ(dialer.progress(), Progress::agreed);
  EXPECT_EQ(dialer.protocol(), "/a");
}

TEST(MultistreamDialer, proposes_the_next_after_na_and_fails_after_the_last) {
  Dialer dialer({"/a", "/b"});
  EXPECT_EQ(read_lines(give(dialer, lines({kHeader.data(), "na"}), 1000)), Lines{"/b"});
  EXPECT_EQ(dialer.progress(), Progress::pending);
  EXPECT_EQ(give(dialer, lines({"na"}), 1000), Bytes());
  EXPECT_EQ(dialer.progress(), Progress::failed);
}

TEST(MultistreamDialer, leaves_the_bytes_behind_the_agreement_however_they_arrive) {
  auto bytes = lines({kHeader.data(), "na", "/b"});
  append(bytes, as_bytes("payload"));
  for (std::size_t step = 1; step <= bytes.size() - 7; ++step) {
    Dialer dialer({"/a", "/b"});
    give(dialer, bytes, step, 7);
    EXPECT_EQ(dialer.progress(), Progress::agreed) << step;
    EXPECT_EQ(dialer.protocol(), "/b");
  }
}

TEST(MultistreamDialer, refuses_answers_that_nobody_asked_for) {
  for (const auto& answer : {Lines{"/a"}, Lines{kHeader.data(), "/b"}, Lines{"na"},
                             Lines{kHeader.data(), kHeader.data()}, Lines{"/multistream/2.0.0"}}) {
    Dialer dialer({"/a", "/b"});
    const auto bytes = lines(answer);
    ByteView rest(bytes);
    EXPECT_THROW(dialer.receive(rest), Error);
  }
}

TEST(MultistreamListener, echoes_a_protocol_that_it_speaks) {
  Listener listener(Lines{"/a", "/b"});
  EXPECT_EQ(read_lines(give(listener, lines({kHeader.data(), "/b"}), 1000)),
            (Lines{kHeader.data(), "/b"}));
  EXPECT_EQ(listener.progress(), Progress::agreed);
  EXPECT_EQ(listener.protocol(), "/b");
}

TEST(MultistreamListener, asks_a_predicate) {
  Listener listener([](std::string_view protocol) { return protocol.starts_with("/prefix/"); });
  give(listener, lines({kHeader.data(), "/prefix", "/prefix/1"}), 1000);
  EXPECT_EQ(listener.protocol(), "/prefix/1");
}

TEST(MultistreamListener, answers_na_to_the_unknown_and_to_ls) {
  Listener listener(Lines{"/a"});
  EXPECT_EQ(read_lines(give(listener, lines({kHeader.data(), "/x", "ls", "/a"}), 1000)),
            (Lines{kHeader.data(), "na", "na", "/a"}));
  EXPECT_EQ(listener.progress(), Progress::agreed);
}

TEST(MultistreamListener, leaves_the_bytes_behind_the_agreement_however_they_arrive) {
  auto bytes = lines({kHeader.data(), "/x", "/a"});
  append(bytes, as_bytes("payload"));
  for (std::size_t step = 1; step <= bytes.size() - 7; ++step) {
    Listener listener(Lines{"/a"});
    EXPECT_EQ(read_lines(give(listener, bytes, step, 7)), (Lines{kHeader.data(), "na", "/a"}));
    EXPECT_EQ(listener.progress(), Progress::agreed) << step;
  }
}

TEST(MultistreamListener, gives_up_after_32_proposals) {
  Listener listener(Lines{"/a"});
  give(listener, lines({kHeader.data()}), 1000);
  for (std::size_t i = 0; i < Listener::kMaxProposals; ++i) {
    EXPECT_EQ(read_lines(give(listener, lines({"/x"}), 1000)), Lines{"na"});
  }
  const auto bytes = lines({"/x"});
  ByteView rest(bytes);
  EXPECT_THROW(listener.receive(rest), Error);
}

TEST(MultistreamListener, accepts_the_last_proposal_within_its_bound) {
  Lines proposals(Listener::kMaxProposals - 1, "/x");
  proposals.insert(proposals.begin(), std::string(kHeader));
  proposals.emplace_back("/a");
  Listener listener(Lines{"/a"});
  give(listener, lines(proposals), 1000);
  EXPECT_EQ(listener.progress(), Progress::agreed);
}

TEST(MultistreamListener, refuses_another_header) {
  Listener listener(Lines{"/a"});
  const auto bytes = lines({"/a"});
  ByteView rest(bytes);
  EXPECT_THROW(listener.receive(rest), Error);
}

TEST(Multistream, both_sides_meet) {
  Dialer dialer({"/new", "/old"});
  Listener listener(Lines{"/old"});
  Bytes to_listener = dialer.start();
  while (dialer.progress() == Progress::pending) {
    const auto to_dialer = give(listener, to_listener, 5);
    to_listener = give(dialer, to_dialer, 3);
  }
  EXPECT_EQ(dialer.progress(), Progress::agreed);
  EXPECT_EQ(listener.progress(), Progress::agreed);
  EXPECT_EQ(dialer.protocol(), "/old");
  EXPECT_EQ(listener.protocol(), "/old");
}

// The dialer's payload rides along with its only proposal, and the listener's with its answer.
TEST(Multistream, lazy_dialing_costs_no_round_trip) {
  Dialer dialer({"/a"});
  Listener listener(Lines{"/a"});
  auto request = dialer.start();
  append(request, as_bytes("question"));
  auto answer = give(listener, request, request.size(), 8);
  append(answer, as_bytes("reply"));
  give(dialer, answer, answer.size(), 5);
  EXPECT_EQ(dialer.progress(), Progress::agreed);
}

}  // namespace
}  // namespace shoal::multistream
