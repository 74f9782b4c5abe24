#include "cli/tls_files.h"

#include "base/error.h"
#include "net/security/tls/web_settings.h"
#include "system/os/trusted_roots.h"
#include "system/whole_file.h"

namespace shoal::cli {

namespace {

/// A chain of certificates, or a key, in PEM.
constexpr std::size_t kMaxFileBytes = 256 * 1024;

Bytes read_file(Storage& storage, const char* flag, const std::string& path) {
  auto content = read_whole(storage, storage.absolute(path), kMaxFileBytes);
  if (!content) throw Error(ErrorCode::io, std::string(flag) + ": no such file", path);
  return std::move(*content);
}

}  // namespace

net::WebTlsOptions web_tls_options(Storage& storage, const TlsFiles& files) {
  net::WebTlsOptions out;
  out.roots_file = files.roots.empty() ? os::trusted_roots_file() : files.roots;
  if (files.certificate.empty()) return out;
  out.certificates = read_file(storage, "--tls-cert", files.certificate);
  const bool together = files.key.empty();
  out.key = together ? out.certificates : read_file(storage, "--tls-key", files.key);
  try {
    tls::WebSettings::check_server(out.certificates, out.key);
  } catch (const Error& error) {
    throw Error(ErrorCode::usage, "--tls-cert: " + error.message(), files.certificate);
  }
  return out;
}

}  // namespace shoal::cli
