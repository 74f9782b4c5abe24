#include "net/security/pnet/network_key.h"

#include <gtest/gtest.h>

#include <string>

#include "base/base_n.h"
#include "base/error.h"

namespace shoal::pnet {
namespace {

const Bytes kSecret(32, 0xff);

std::string key_file(const std::string& encoding, const std::string& key,
                     const std::string& line_end = "\n") {
  return "/key/swarm/psk/1.0.0/" + line_end + encoding + line_end + key;
}

ErrorCode key_failure(const std::string& file) {
  try {
    NetworkKey::parse(as_bytes(file));
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "accepted " << file;
  return ErrorCode::failed;
}

void expect_key(const std::string& file) {
  EXPECT_TRUE(equal(NetworkKey::parse(as_bytes(file)).bytes(), kSecret)) << file;
}

TEST(NetworkKey, reads_every_encoding_with_and_without_a_last_line_end) {
  const std::string binary(32, '\xff');
  for (const std::string line_end : {"\n", "\r\n"}) {
    for (const std::string& last : {std::string(), line_end}) {
      expect_key(key_file("/base16/", to_hex(kSecret) + last, line_end));
      expect_key(key_file("/base64/", encode_base(Base::base64_pad, kSecret) + last, line_end));
      expect_key(key_file("/bin/", binary + last, line_end));
    }
  }
  expect_key(key_file("/base16/", std::string(64, 'F')));
}

TEST(NetworkKey, takes_the_bytes_of_a_line_end_for_a_part_of_a_binary_key) {
  const std::string binary(32, '\n');
  EXPECT_TRUE(
      equal(NetworkKey::parse(as_bytes(key_file("/bin/", binary))).bytes(), Bytes(32, '\n')));
}

TEST(NetworkKey, has_exactly_32_bytes) {
  for (const std::size_t bytes : {0U, 31U, 33U}) {
    EXPECT_EQ(key_failure(key_file("/base16/", std::string(2 * bytes, 'a'))), ErrorCode::malformed);
    EXPECT_EQ(key_failure(key_file("/bin/", std::string(bytes, 'a'))), ErrorCode::malformed);
  }
}

TEST(NetworkKey, refuses_other_versions_encodings_and_characters) {
  EXPECT_EQ(key_failure(""), ErrorCode::malformed);
  EXPECT_EQ(key_failure("/key/swarm/psk/2.0.0/\n/base16/\n" + to_hex(kSecret)),
            ErrorCode::unsupported);
  EXPECT_EQ(key_failure(key_file("/base58/", "x")), ErrorCode::unsupported);
  EXPECT_EQ(key_failure(key_file("/base16/", std::string(63, 'a') + "g")), ErrorCode::malformed);
}

TEST(NetworkKey, reads_at_most_1024_bytes) {
  std::string file = key_file("/base16/", to_hex(kSecret));
  file.resize(kMaxKeyFileBytes, '\n');
  expect_key(file);
  file += '\n';
  EXPECT_EQ(key_failure(file), ErrorCode::limit);
}

TEST(NetworkKey, has_a_fingerprint_that_differs_by_key) {
  const std::string one = NetworkKey(kSecret).fingerprint();
  EXPECT_EQ(one.size(), 32U);
  EXPECT_EQ(one, NetworkKey(kSecret).fingerprint());
  EXPECT_NE(one, NetworkKey(Bytes(32, 1)).fingerprint());
}

}  // namespace
}  // namespace shoal::pnet
