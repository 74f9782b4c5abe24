// Step 1, a map that everybody has. `map1 NAME [ADDRESS]`: a line KEY=VALUE sets, `?` prints. Each
// change goes to all; of two changes the one that comes last stays, which need not be the same one
// everywhere.
#include <shoal/shoal.h>
#include <iostream>
#include <map>

namespace {

class Map {
 public:
  /// The node must stop before this is destroyed.
  Map(shoal::Node& node, const std::string& name) : topic_(node.join("example-map/" + name)) {
    node.spawn(listen());
  }

  shoal::Async<void> set(std::string change) {
    apply(change);
    co_await topic_.publish(change);
  }
  shoal::Async<void> print() {
    for (const auto& [key, value] : values_) std::cout << key << '=' << value << std::endl;
    std::cout << '.' << std::endl;
    co_return;
  }

 private:
  shoal::Async<void> listen() {
    while (const auto message = co_await topic_.next()) apply(shoal::text_of(message->data));
  }
  void apply(std::string_view change) {
    const auto middle = std::min(change.find('='), change.size());
    const auto value = change.substr(std::min(middle + 1, change.size()));
    values_[std::string(change.substr(0, middle))] = std::string(value);
  }

  std::map<std::string, std::string> values_;
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
      node.run(line == "?" ? map.print() : map.set(line));
    }
    node.stop();
    return 0;
  } catch (const shoal::Error& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
