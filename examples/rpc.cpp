// `rpc serve LISTEN-ADDRESS` answers questions; `rpc ask ADDRESS TEXT` asks for TEXT in capital
// letters, `rpc count ADDRESS N` for the numbers up to N, each in an answer of its own.
#include <shoal/shoal.h>
#include <cctype>
#include <iostream>

namespace {

using namespace std::chrono_literals;

constexpr const char* kCapitals = "/example/capitals/2.0.0";
constexpr const char* kNumbers = "/example/numbers/1.0.0";

shoal::Async<shoal::ByteVector> capitals(shoal::Request request) {
  for (std::byte& letter : request.message) {
    letter = static_cast<std::byte>(std::toupper(std::to_integer<int>(letter)));
  }
  co_return std::move(request.message);
}

shoal::Async<void> numbers(shoal::Request request, shoal::AnswerWriter& answers) {
  const int last = std::stoi(std::string(shoal::text_of(request.message)));
  for (int number = 1; number <= last; ++number) {
    co_await answers.write(std::to_string(number));
    co_await shoal::sleep_for(10ms);
  }
}

void serve(shoal::Node& node) {
  node.respond(kCapitals, capitals, {.max_request_bytes = 1000});
  node.respond_streaming(kNumbers, numbers, {.at_once = 10, .deadline = 1min});
}

shoal::Async<void> ask(shoal::Node& node, std::string peer, std::string text) {
  const shoal::ByteVector answer = co_await node.request(peer, kCapitals, text, {.deadline = 5s});
  std::cout << shoal::text_of(answer) << std::endl;
}

shoal::Async<void> count(shoal::Node& node, std::string peer, std::string last) {
  shoal::Answers answers = co_await node.request_streaming(peer, kNumbers, last);
  while (const auto answer = co_await answers.next()) {
    std::cout << shoal::text_of(*answer) << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() == 2 && words[0] == "serve") {
      shoal::Node node({.listen = {words[1]}});
      serve(node);
      node.start();
      std::cout << node.addresses().front() << std::endl;
      node.wait_for_signal();
    } else if (words.size() == 1 && words[0] == "simulate") {
      shoal::Simulation world;
      shoal::Node here(world.add_host());
      shoal::Node there(world.add_host());
      serve(there);
      there.start();
      here.run(ask(here, there.addresses().front(), "in a simulation"));
      here.run(count(here, there.addresses().front(), "3"));
    } else if (words.size() == 3) {
      shoal::Node node({.listen = {"/ip4/127.0.0.1/tcp/0"}});
      node.run(words[0] == "ask" ? ask(node, words[1], words[2]) : count(node, words[1], words[2]));
    } else {
      std::cerr << "usage: rpc serve LISTEN | ask PEER TEXT | count PEER N | simulate" << std::endl;
      return 2;
    }
  } catch (const shoal::Error& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
