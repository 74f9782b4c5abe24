// `share_get share PATH...` serves files from where they lie and prints a link for each;
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

void print_sent(const shoal::SentToPeer& sent) {
  std::cerr << sent.bytes << " bytes to " << sent.peer_id << (sent.complete ? ", all of it" : "")
            << std::endl;
}

int share(const std::vector<std::string>& paths) {
  shoal::Node node(kOptions);
  node.start();
  std::vector<shoal::Share> shares;
  std::vector<shoal::Subscription> subscriptions;
  for (const std::string& path : paths) {
    shares.push_back(node.run(node.share({path}, {.progress = print_indexing})));
    subscriptions.push_back(shares.back().on_sent(print_sent));
    std::cout << shares.back().link() << std::endl;
  }
  node.wait_for_signal();
  for (std::size_t i = 0; i < paths.size(); ++i) {
    std::cerr << paths[i] << ": " << shares[i].complete_downloads() << " complete downloads"
              << std::endl;
  }
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
