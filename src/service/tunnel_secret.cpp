#include "service/tunnel_secret.h"

#include "base/error.h"
#include "service/tunnel_ticket.h"
#include "system/whole_file.h"

namespace shoal::service {

namespace {

Bytes make_secret(System& system, const std::string& folder, const std::string& path) {
  const Bytes secret = system.random.bytes(TunnelTicket::kSecretBytes);
  const std::string fresh = path + ".new";
  system.storage.remove(fresh);
  const auto file = system.storage.open(fresh, Access::create_new);
  file->set_mode(0600);
  file->write_at(0, secret);
  file->sync();
  system.storage.rename(fresh, path, true);
  system.storage.sync_names(folder);
  return secret;
}

}  // namespace

Bytes tunnel_secret(System& system, const std::string& folder, const std::string& name,
                    bool fresh) {
  const std::string path = folder + "/tunnel-" + name + ".secret";
  if (fresh) return make_secret(system, folder, path);
  const auto found = read_whole(system.storage, path, TunnelTicket::kMaxSecretBytes);
  if (!found) return make_secret(system, folder, path);
  if (found->size() >= TunnelTicket::kSecretBytes) return *found;
  throw Error(ErrorCode::io, "not the secret of a tunnel", path,
              "--new-ticket makes a new one; tickets made before end");
}

}  // namespace shoal::service
