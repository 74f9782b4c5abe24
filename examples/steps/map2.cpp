// Step 2, the last writer wins. As map1, but each value carries how many writes its author knew of,
// and the author: the greater pair stays, whatever comes last, so all decide alike.
#include <shoal/shoal.h>
#include <iostream>
#include <map>
#include <sstream>

namespace {

struct Entry {
  std::uint64_t time = 0;  // counts writes: greater than that of every entry its author knew
  std::string author;
  std::string value;
  auto operator<=>(const Entry&) const = default;
};

class Map {
 public:
  /// The node must stop before this is destroyed.
  Map(shoal::Node& node, const std::string& name)
      : author_(node.peer_id()), topic_(node.join("example-map/" + name)) {
    node.spawn(listen());
  }

  shoal::Async<void> set(std::string key, std::string value) {
    const Entry entry{time_ + 1, author_, std::move(value)};
    merge(key, entry);
    std::ostringstream text;
    text << entry.time << ' ' << entry.author << ' ' << key << '=' << entry.value;
    co_await topic_.publish(text.str());
  }
  shoal::Async<void> print() {
    for (const auto& [key, entry] : entries_) std::cout << key << '=' << entry.value << std::endl;
    std::cout << '.' << std::endl;
    co_return;
  }

 private:
  shoal::Async<void> listen() {
    while (const auto message = co_await topic_.next()) {
      std::istringstream text{std::string(shoal::text_of(message->data))};
      Entry entry;
      std::string key;
      if (text >> entry.time >> entry.author && std::getline(text >> std::ws, key, '=')) {
        std::getline(text, entry.value);
        merge(key, entry);
      }
    }
  }
  void merge(const std::string& key, const Entry& entry) {
    time_ = std::max(time_, entry.time);
    entries_[key] = std::max(entries_[key], entry);
  }

  const std::string author_;
  std::map<std::string, Entry> entries_;
  std::uint64_t time_ = 0;
  shoal::Topic topic_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  try {
    shoal::NodeOptions options{.listen = {"/ip4/127.0.0.1/tcp/0"}};
    if (count > 2) options.bootstrap = {arguments[2]};
    shoal::Node node(std::move(options));
    node.start();
    std::cout << node.addresses().front() << std::endl;
    Map map(node, arguments[1]);
    for (std::string line; std::getline(std::cin, line);) {
      const auto middle = std::min(line.find('='), line.size());
      const std::string value = line.substr(std::min(middle + 1, line.size()));
      node.run(line == "?" ? map.print() : map.set(line.substr(0, middle), value));
    }
    node.stop();
    return 0;
  } catch (const shoal::Error& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
