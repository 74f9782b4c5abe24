#include "library/two_hosts.h"

namespace shoal::testing {
namespace {

using ::testing::ElementsAre;

constexpr const char* kUpper = "/test/upper/1";
constexpr const char* kCount = "/test/count/1";
constexpr const char* kSlow = "/test/slow/1";

Async<ByteVector> upper(Request request) {
  for (std::byte& each : request.message) {
    each = static_cast<std::byte>(std::toupper(std::to_integer<int>(each)));
  }
  co_return std::move(request.message);
}

/// One answer for each number up to the one that is asked, a second apart.
Async<void> count(Request request, AnswerWriter& answers) {
  const int last = std::stoi(std::string(text_of(request.message)));
  for (int i = 1; i <= last; ++i) {
    co_await answers.write(std::to_string(i));
    co_await sleep_for(1s);
  }
}

struct Requests : TwoHosts {
  Requests() {
    there.respond(kUpper, upper, {.max_request_bytes = 100});
    there.respond_streaming(kCount, count);
    there.respond_streaming(kSlow,
                            [this](Request, AnswerWriter&) -> Async<void> {
                              ++running;
                              const Ending ending(running);
                              co_await sleep_for(1h);
                            },
                            {.at_once = 2, .deadline = 30s});
  }

  struct Ending {
    explicit Ending(int& its_count) : count(its_count) {}
    ~Ending() { --count; }
    int& count;
  };

  Async<void> ask_for(std::string protocol, std::string text, RequestOptions options = {}) {
    const ByteVector answer = co_await here.request(address, protocol, text, options);
    answers.emplace_back(text_of(answer));
  }
  Async<void> stream_for(std::string text, RequestOptions options = {}) {
    Answers coming = co_await here.request_streaming(address, kCount, text, options);
    while (const std::optional<ByteVector> answer = co_await coming.next()) {
      answers.emplace_back(text_of(*answer));
    }
  }

  int running = 0;
  std::vector<std::string> answers;
};

TEST_F(Requests, are_answered) {
  here.run(ask_for(kUpper, "hello"));
  here.run(ask_for(kUpper, ""));
  EXPECT_THAT(answers, ElementsAre("HELLO", ""));
}

TEST_F(Requests, bring_any_number_of_answers_as_they_come) {
  const auto began = world.now();
  here.run(stream_for("3", {.deadline = 2s}));
  EXPECT_THAT(answers, ElementsAre("1", "2", "3"));
  EXPECT_GE(world.now() - began, 3s) << "the deadline is each answer's";
  here.run(stream_for("0"));
  EXPECT_EQ(answers.size(), 3U);
}

TEST_F(Requests, are_bounded_in_both_directions) {
  EXPECT_EQ(failure(ask_for(kUpper, std::string(100, 'x'))), std::nullopt);
  EXPECT_EQ(failure(ask_for(kUpper, std::string(101, 'x'))), ErrorCode::closed);
  EXPECT_EQ(failure(ask_for(kUpper, "12345", {.max_answer_bytes = 5})), std::nullopt);
  EXPECT_EQ(failure(ask_for(kUpper, "12345", {.max_answer_bytes = 4})), ErrorCode::limit);
}

TEST_F(Requests, end_at_the_deadline_and_end_the_responder) {
  EXPECT_EQ(failure(ask_for(kSlow, "", {.deadline = 5s})), ErrorCode::timeout);
  world.run_for(1s);
  EXPECT_EQ(running, 0) << "the responder was cancelled";
}

TEST_F(Requests, cancelled_they_cancel_the_responder) {
  Job job = here.spawn(ask_for(kSlow, "", {.deadline = 1h}));
  world.run_for(1s);
  EXPECT_EQ(running, 1);
  job.cancel();
  world.run_for(1s);
  EXPECT_EQ(running, 0);
  EXPECT_THROW(job.wait(), Cancelled);
}

TEST_F(Requests, the_responder_has_a_deadline_too) {
  EXPECT_EQ(failure(ask_for(kSlow, "", {.deadline = 1h})), ErrorCode::closed);
}

TEST_F(Requests, beyond_those_at_once_are_refused) {
  std::vector<Job> jobs;
  for (int i = 0; i < 2; ++i) jobs.push_back(here.spawn(ask_for(kSlow, "", {.deadline = 1h})));
  world.run_for(1s);
  EXPECT_EQ(running, 2);
  EXPECT_EQ(failure(ask_for(kSlow, "")), ErrorCode::closed);
  for (Job& job : jobs) job.cancel();
  world.run_for(1s);
  EXPECT_EQ(failure(ask_for(kSlow, "", {.deadline = 1s})), ErrorCode::timeout);
}

TEST_F(Requests, tell_when_nobody_answers_them) {
  EXPECT_EQ(failure(ask_for("/test/none", "")), ErrorCode::unsupported);
  there_host.set_online(false);
  EXPECT_EQ(failure(ask_for(kUpper, "")), ErrorCode::timeout);
}

TEST_F(Requests, of_others_may_close_their_half) {
  std::string answer;
  here.run([](Node& node, std::string peer, std::string& into) -> Async<void> {
    PeerStream stream = co_await node.open(peer, kUpper);
    co_await stream.write_message("by hand");
    co_await stream.close();
    const auto message = co_await stream.read_message();
    into = text_of(*message);
  }(here, address, answer));
  EXPECT_EQ(answer, "BY HAND");
}

}  // namespace
}  // namespace shoal::testing
