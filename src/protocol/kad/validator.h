#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace shoal::kad {

/// What the values of one namespace have to be like. Keys are whole: "/pk/…".
class Validator {
 public:
  virtual ~Validator() = default;
  /// Throws Error{malformed} or {refused} for a value that `key` may not have.
  virtual void validate(ByteView key, ByteView value) const = 0;
  /// Which of `values`, all valid and at least one, is to be kept: its index.
  virtual std::size_t select(ByteView key, std::span<const Bytes> values) const = 0;
};

/// "/pk/" and a multihash: the public key of the peer of that id (libp2p specs, kad-dht).
class PublicKeyValidator final : public Validator {
 public:
  static constexpr const char* kNamespace = "pk";
  void validate(ByteView key, ByteView value) const override;
  std::size_t select(ByteView, std::span<const Bytes>) const override { return 0; }
};

/// The validators that a node knows; "pk" from the start.
class Validators {
 public:
  Validators() { add(PublicKeyValidator::kNamespace, public_keys_); }
  Validators(const Validators&) = delete;
  Validators& operator=(const Validators&) = delete;

  /// Borrowed for life. `name` is what stands between the first two slashes.
  void add(const std::string& name, const Validator& validator);

  /// Throws Error{unsupported} for a key of no namespace that is known, and what the validator
  /// throws.
  void validate(ByteView key, ByteView value) const { of(key).validate(key, value); }
  std::size_t select(ByteView key, std::span<const Bytes> values) const;

 private:
  const Validator& of(ByteView key) const;

  PublicKeyValidator public_keys_;
  std::map<std::string, const Validator*, std::less<>> validators_;
};

/// "ipns" of "/ipns/…"; none for a key that is not of this form.
std::optional<std::string_view> namespace_of(ByteView key);

}  // namespace shoal::kad
