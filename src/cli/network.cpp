#include <fmt/format.h>

#include "base/error.h"
#include "cli/commands.h"
#include "net/security/pnet/network_key.h"

namespace shoal::cli {

namespace {

/// Makes the key of a private network.
class NetworkCommand final : public Command {
 public:
  explicit NetworkCommand(std::string path) : path_(std::move(path)) {}

  Task<void> run(Session& session) override {
    Bytes secret(pnet::NetworkKey::kBytes);
    session.system().random.fill(secret);
    const std::string text = "/key/swarm/psk/1.0.0/\n/base16/\n" + to_hex(secret) + "\n";
    Storage& storage = session.system().storage;
    const std::string path = storage.absolute(path_);
    const auto file = storage.open(path, Access::create_new);
    file->set_mode(0600);
    file->write_at(0, as_bytes(text));
    file->sync();
    const std::string fingerprint = pnet::NetworkKey(secret).fingerprint();
    session.output().event({{"event", "network"}, {"path", path}, {"fingerprint", fingerprint}});
    session.output().result(fmt::format("{}  fingerprint {}", path, fingerprint));
    session.output().note(
        "give this file, by a safe way, to every node of the network: "
        "`shoal share --network FILE …`");
    co_return;
  }

 private:
  const std::string path_;
};

}  // namespace

std::unique_ptr<Command> make_network(const std::string& action, const std::string& file) {
  if (action != "new") {
    throw Error(ErrorCode::usage, "network has no action '" + action + "'", {},
                "`shoal network new FILE` makes a key");
  }
  return std::make_unique<NetworkCommand>(file);
}

}  // namespace shoal::cli
