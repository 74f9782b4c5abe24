#include "protocol/kad/value_store.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "format/key_codec.h"
#include "net/swarm_testing.h"
#include "protocol/kad/kad_testing.h"

namespace shoal::kad {
namespace {

using testing::public_ip;

/// Values of "/v/…": any that do not begin with '!', of which the greatest is the best.
class GreatestValue final : public Validator {
 public:
  void validate(ByteView, ByteView value) const override {
    if (!value.empty() && value[0] == '!') throw Error(ErrorCode::malformed, "begins with !");
    if (expired) throw Error(ErrorCode::refused, "has expired");
  }
  std::size_t select(ByteView, std::span<const Bytes> values) const override {
    return static_cast<std::size_t>(std::ranges::max_element(values, less) - values.begin());
  }
  bool expired = false;
};

struct KadValueStoreTest : ::testing::Test {
  KadValueStoreTest() { validators.add("v", greatest); }
  std::optional<ErrorCode> put(std::string_view key, std::string_view value,
                               std::uint32_t network = 1) {
    try {
      store.put(to_bytes(key), to_bytes(value), IpGroup::of(public_ip(network)), now);
    } catch (const Error& error) {
      return error.code();
    }
    return std::nullopt;
  }
  std::string get(std::string_view key) {
    const auto record = store.get(to_bytes(key), now);
    return record ? std::string(as_text(record->value)) : "none";
  }

  GreatestValue greatest;
  Validators validators;
  TimePoint now{1000h};
  ValueStore store{validators, 8192};
};

TEST_F(KadValueStoreTest, keeps_a_value_for_48_h_after_it_was_put) {
  EXPECT_EQ(put("/v/key", "value"), std::nullopt);
  now += 24h;
  EXPECT_EQ(put("/v/key", "value"), std::nullopt);
  now += ValueStore::kLifetime - 1ns;
  EXPECT_EQ(get("/v/key"), "value");
  now += 1ns;
  EXPECT_EQ(get("/v/key"), "none");
  EXPECT_EQ(store.bytes_used(), 0u);
}

TEST_F(KadValueStoreTest, expires_what_nobody_asks_for) {
  put("/v/old", "value");
  now += 1h;
  put("/v/new", "value");
  now += 47h;
  store.expire(now);
  EXPECT_EQ(store.size(), 1u);
}

TEST_F(KadValueStoreTest, refuses_namespaces_that_nobody_checks) {
  for (const char* key : {"/ipns/abc", "key", "/v", "/v/", "//key", "", "/"}) {
    EXPECT_EQ(put(key, "value"), ErrorCode::unsupported) << key;
  }
  EXPECT_EQ(store.size(), 0u);
}

// F9
TEST_F(KadValueStoreTest, refuses_invalid_values_and_older_ones) {
  EXPECT_EQ(put("/v/key", "!value"), ErrorCode::malformed);
  EXPECT_EQ(put("/v/key", "b"), std::nullopt);
  EXPECT_EQ(put("/v/key", "a"), ErrorCode::refused);
  EXPECT_EQ(get("/v/key"), "b");
  EXPECT_EQ(put("/v/key", "c"), std::nullopt);
  EXPECT_EQ(get("/v/key"), "c");
}

// F5
TEST_F(KadValueStoreTest, validates_again_when_asked) {
  put("/v/key", "value");
  greatest.expired = true;
  EXPECT_EQ(get("/v/key"), "none");
  EXPECT_EQ(store.size(), 0u);
}

TEST_F(KadValueStoreTest, takes_keys_of_80_bytes_and_values_of_10_KiB) {
  ValueStore large(validators);
  Bytes key = to_bytes("/v/" + std::string(kMaxKeyBytes - 3, 'k'));
  Bytes value(Record::kMaxValueBytes, 'v');
  EXPECT_NO_THROW(large.put(key, value, std::nullopt, now));
  value.push_back('v');
  EXPECT_THROW(large.put(key, value, std::nullopt, now), Error);
  key.push_back('k');
  EXPECT_THROW(large.put(key, {}, std::nullopt, now), Error);
}

TEST_F(KadValueStoreTest, when_full_the_group_that_put_most_loses) {
  put("/v/of_another", "value", 2);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(put("/v/" + std::to_string(i), std::string(500, 'x')), std::nullopt);
    EXPECT_LE(store.bytes_used(), 8192u);
  }
  EXPECT_EQ(get("/v/of_another"), "value");
  EXPECT_GT(store.size(), 5u);
}

TEST_F(KadValueStoreTest, a_value_larger_than_the_store_is_refused) {
  EXPECT_EQ(put("/v/key", std::string(8192, 'x')), ErrorCode::limit);
}

TEST_F(KadValueStoreTest, public_keys_are_kept_under_their_peer_only) {
  const crypto::PublicKey key = net::testing::key_of(1).public_key();
  const auto name_of = [](const crypto::PublicKey& of) {
    return "/pk/" + std::string(as_text(PeerId::from_public_key(of).encoded()));
  };
  const Bytes value = encode_public_key(key);
  EXPECT_EQ(put(name_of(key), as_text(value)), std::nullopt);
  EXPECT_EQ(put(name_of(net::testing::key_of(2).public_key()), as_text(value)),
            ErrorCode::malformed);
  EXPECT_EQ(put("/pk/nobody", as_text(value)), ErrorCode::malformed);
  EXPECT_EQ(put(name_of(key), "no key"), ErrorCode::malformed);
  EXPECT_EQ(get(name_of(key)), as_text(value));
}

}  // namespace
}  // namespace shoal::kad
