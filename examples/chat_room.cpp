// `chat_room TOPIC NAME [--at ADDRESS] [--by ADDRESS]`: a chat of any number of people who know the
// topic's name, found on the local network, or by the peer at --by. Prints its own address first;
// ends with its input. `chat_room simulate N` lets N of them say one word each, in a simulation.
#include <shoal/shoal.h>
#include <deque>
#include <iostream>

namespace {

using namespace std::chrono_literals;

/// One of those who talk.
class Person {
 public:
  Person(shoal::Node& node, const std::string& topic, std::string name)
      : topic_(node.join("example-chat/" + topic)), name_(std::move(name)) {}

  shoal::Async<void> listen(bool aloud = true) {
    while (const auto message = co_await topic_.next()) {
      ++heard;
      if (aloud) std::cout << shoal::text_of(message->data) << std::endl;
    }
  }
  shoal::Async<void> say(std::string line) { return topic_.publish(name_ + ": " + line); }
  shoal::Async<void> last_words() { co_await topic_.confirm(); }

  std::size_t heard = 0;

 private:
  shoal::Topic topic_;
  const std::string name_;
};

int simulate(std::size_t count) {
  shoal::Simulation world;
  std::deque<shoal::Node> nodes;
  std::deque<Person> people;
  for (std::size_t i = 0; i < count; ++i) {
    shoal::NodeOptions options;
    if (i > 0) options.bootstrap = {nodes.front().addresses().front()};
    nodes.emplace_back(world.add_host(), std::move(options)).start();
    people.emplace_back(nodes.back(), "picnic", std::to_string(i));
    nodes.back().spawn(people.back().listen(false));
  }
  world.run_for(30s);
  for (std::size_t i = 0; i < count; ++i) nodes[i].run(people[i].say("hello"));
  world.run_for(10s);
  for (const Person& person : people) std::cout << person.heard << std::endl;
  for (shoal::Node& node : nodes) node.stop();
  return 0;
}

int chat(const std::vector<std::string>& words) {
  shoal::NodeOptions options{.lan = true};
  for (std::size_t i = 2; i + 1 < words.size(); i += 2) {
    (words[i] == "--at" ? options.listen : options.bootstrap).push_back(words[i + 1]);
  }
  shoal::Node node(std::move(options));
  node.start();
  std::cout << node.addresses().front() << std::endl;
  Person person(node, words[0], words[1]);
  node.spawn(person.listen());
  for (std::string line; std::getline(std::cin, line);) node.run(person.say(line));
  node.run(person.last_words());
  node.stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 2 && words[0] == "simulate") return simulate(std::stoull(words[1]));
  if (words.size() >= 2) return chat(words);
  std::cerr << "usage: chat_room TOPIC NAME [--at ADDRESS] [--by ADDRESS] | simulate N"
            << std::endl;
  return 2;
}
