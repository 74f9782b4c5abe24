#include "cli/version.h"

#include <crypto++/config_ver.h>
#include <fmt/format.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <openssl/crypto.h>
#include <qrencode.h>
#include <spdlog/version.h>
#include <sqlite3.h>
#include <CLI/Version.hpp>
#include <boost/version.hpp>

#ifndef SHOAL_VERSION
#define SHOAL_VERSION "0.1.0"
#endif
#ifndef SHOAL_COMMIT
#define SHOAL_COMMIT "unknown"
#endif

namespace shoal::cli {

namespace {

boost::json::object libraries() {
  return {{"boost", fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
                                BOOST_VERSION % 100)},
          {"cli11", CLI11_VERSION},
          {"cryptopp", fmt::format("{}.{}.{}", CRYPTOPP_VERSION / 100, CRYPTOPP_VERSION / 10 % 10,
                                   CRYPTOPP_VERSION % 10)},
          {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
                              FMT_VERSION % 100)},
          {"gnutls", gnutls_check_version(nullptr)},
          {"ngtcp2", ngtcp2_version(0)->version_str},
          {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
          {"qrencode", QRcode_APIVersionString()},
          {"spdlog", fmt::format("{}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)},
          {"sqlite", sqlite3_libversion()}};
}

}  // namespace

std::string agent() {
  return "shoal/" SHOAL_VERSION;
}

boost::json::object version_as_json() {
  return {{"version", SHOAL_VERSION},
          {"commit", SHOAL_COMMIT},
          {"compiler", __VERSION__},
          {"libraries", libraries()}};
}

std::string version_as_text() {
  std::string text = fmt::format("shoal {}\ncommit    {}\ncompiler  {}\nlibraries", SHOAL_VERSION,
                                 SHOAL_COMMIT, __VERSION__);
  for (const auto& [name, version] : libraries()) {
    text += fmt::format("  {} {}", std::string(name), std::string(version.as_string()));
  }
  return text;
}

}  // namespace shoal::cli
