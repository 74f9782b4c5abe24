// `share_get share PATH...` serves files from where they lie and prints a link;
// `share_get get LINK TARGET` brings what a link names. Stopped and run again, it goes on.
#include <shoal/shoal.h>
#include <iostream>

namespace {

// Any free port on this machine alone; a program for others leaves `listen` empty.
const shoal::NodeOptions kOptions{.listen = {"/ip4/127.0.0.1/tcp/0"}};

void print_indexing(const shoal::ShareProgress& progress) {
  std::cerr << "indexing " << progress.bytes_done << " of " << progress.bytes_total << std::endl;
}

void print_getting(const shoal::GetProgress& progress) {
  std::cerr << progress.bytes_done << " of " << progress.bytes_total << " bytes, "
            << progress.rate / 1000 << " kB/s from " << progress.peers << " peers";
  if (progress.waiting_for != shoal::WaitingFor::nothing) std::cerr << ", " << progress.detail;
  std::cerr << std::endl;
}

int share(const std::vector<std::string>& paths) {
  shoal::Node node(kOptions);
  node.start();
  const shoal::Share share = node.run(node.share(paths, {.progress = print_indexing}));
  std::cout << share.link() << std::endl;
  node.wait_for_signal();
  std::cerr << share.complete_downloads() << " complete downloads" << std::endl;
  return 0;
}

int get(const std::string& link, const std::string& target) {
  shoal::Node node(kOptions);
  node.start();
  const shoal::GetResult got =
      node.run(node.get(link, {.output = target, .progress = print_getting}));
  std::cout << got.path << ": " << got.bytes << " bytes in " << got.files << " files, "
            << got.blocks_fetched << " blocks fetched, " << got.blocks_resumed << " resumed"
            << std::endl;
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  try {
    if (count >= 3 && words[0] == "share") return share({words.begin() + 1, words.end()});
    if (count == 4 && words[0] == "get") return get(words[1], words[2]);
  } catch (const shoal::Error& error) {
    std::cerr << error.what() << std::endl;
    if (!error.hint().empty()) std::cerr << error.hint() << std::endl;
    return 1;
  }
  std::cerr << "usage: share_get share PATH... | share_get get LINK TARGET" << std::endl;
  return 2;
}
