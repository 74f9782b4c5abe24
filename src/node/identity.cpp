#include "node/identity.h"

#include "base/error.h"
#include "format/key_codec.h"

namespace shoal::node {

namespace {

constexpr const char* kKeyFile = "/identity.key";
constexpr const char* kNewFileName = "/identity.key.new";
constexpr std::size_t kSeedBytes = 32;

crypto::PrivateKey read_identity(System& system, const std::string& path) {
  const auto file = system.storage.open(path, Access::read);
  Bytes bytes(kMaxPrivateKeyBytes + 1);
  bytes.resize(file->read_at(0, bytes));
  try {
    return decode_private_key(bytes);
  } catch (const Error& error) {
    throw Error(ErrorCode::io, "not a node key: " + error.message(), path,
                "restore it from a backup, or move it away to get a new identity");
  }
}

/// Under another name until it is safe on the disk.
crypto::PrivateKey make_identity(System& system, const std::string& home) {
  const crypto::PrivateKey key =
      crypto::PrivateKey::ed25519_from_seed(system.random.bytes(kSeedBytes));
  const std::string fresh = home + kNewFileName;
  system.storage.remove(fresh);
  const auto file = system.storage.open(fresh, Access::create_new);
  file->set_mode(0600);
  file->write_at(0, encode_private_key(key));
  file->sync();
  system.storage.rename(fresh, home + kKeyFile, true);
  system.storage.sync_names(home);
  return key;
}

}  // namespace

crypto::PrivateKey load_identity(System& system, const std::string& home) {
  if (auto found = find_identity(system, home)) return std::move(*found);
  return make_identity(system, home);
}

std::optional<crypto::PrivateKey> find_identity(System& system, const std::string& home) {
  const std::string path = home + kKeyFile;
  if (!system.storage.info(path)) return std::nullopt;
  return read_identity(system, path);
}

}  // namespace shoal::node
