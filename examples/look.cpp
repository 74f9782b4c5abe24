// `look ls LINK`, `look stat LINK`, `look cat LINK [OFFSET [LENGTH]]`: what a link leads to,
// without bringing it all here.
#include <shoal/shoal.h>
#include <iostream>

namespace {

using namespace std::chrono_literals;

shoal::Async<void> print(std::span<const std::byte> piece) {
  std::cout << shoal::text_of(piece);
  co_return;
}

shoal::Async<void> look(shoal::Node& node, std::vector<std::string> words) {
  const std::string& link = words[1];
  const shoal::LookOptions options{.timeout = 30s};
  if (words[0] == "ls") {
    for (const shoal::Entry& entry : co_await node.ls(link, {.recursive = true, .look = options})) {
      std::cout << entry.bytes << ' ' << entry.path << std::endl;
    }
  } else if (words[0] == "stat") {
    const shoal::ContentStat stat = co_await node.stat(link, options);
    std::cout << stat.bytes << " bytes in " << stat.files << " files, " << stat.blocks << " blocks"
              << std::endl;
  } else {
    shoal::CatOptions range{.look = options};
    if (words.size() > 2) range.offset = std::stoull(words[2]);
    if (words.size() > 3) range.length = std::stoull(words[3]);
    co_await node.cat(link, print, range);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() < 2 || (words[0] != "ls" && words[0] != "stat" && words[0] != "cat")) {
    std::cerr << "usage: look ls LINK | stat LINK | cat LINK [OFFSET [LENGTH]]" << std::endl;
    return 2;
  }
  try {
    shoal::Node node({.listen = {"/ip4/127.0.0.1/tcp/0"}});
    node.run(look(node, words));
  } catch (const shoal::Error& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
