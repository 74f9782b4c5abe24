#include "base/base_n.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/error.h"

namespace shoal {
namespace {

constexpr std::string_view kDigits32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view kDigits32Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kDigits58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kDigits64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kDigits64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kNoDigit = 0xff;

struct Alphabet {
  std::string_view digits;
  unsigned bits;      // per character; 0 when the base is no power of two
  std::size_t group;  // characters that padding fills up to; 0 without padding
  std::array<std::uint8_t, 256> values{};

  constexpr Alphabet(std::string_view characters, unsigned bits_each, std::size_t padded_to = 0)
      : digits(characters), bits(bits_each), group(padded_to) {
    values.fill(kNoDigit);
    const bool either_case = characters.size() <= 36;
    for (std::size_t i = 0; i < characters.size(); ++i) {
      const char c = characters[i];
      set(c, i);
      if (either_case && c >= 'a' && c <= 'z') set(static_cast<char>(c - 'a' + 'A'), i);
      if (either_case && c >= 'A' && c <= 'Z') set(static_cast<char>(c - 'A' + 'a'), i);
    }
  }

  std::uint8_t value(char c) const {
    const std::uint8_t digit = values[static_cast<std::uint8_t>(c)];
    if (digit == kNoDigit) throw Error(ErrorCode::malformed, "character outside of the alphabet");
    return digit;
  }

 private:
  constexpr void set(char c, std::size_t digit) {
    values[static_cast<std::uint8_t>(c)] = static_cast<std::uint8_t>(digit);
  }
};

// In the order of Base.
constexpr std::array<Alphabet, 13> kAlphabets = {{
    {"0123456789abcdef", 4},
    {"0123456789ABCDEF", 4},
    {kDigits32, 5},
    {kDigits32Upper, 5},
    {kDigits32, 5, 8},
    {kDigits32Upper, 5, 8},
    {"0123456789abcdefghijklmnopqrstuvwxyz", 0},
    {"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0},
    {kDigits58, 0},
    {kDigits64, 6},
    {kDigits64, 6, 4},
    {kDigits64Url, 6},
    {kDigits64Url, 6, 4},
}};
static_assert(kAlphabets.size() == static_cast<std::size_t>(Base::base64url_pad) + 1);

std::string encode_bits(const Alphabet& alphabet, ByteView bytes) {
  std::string out;
  out.reserve(bytes.size() * 8 / alphabet.bits + 8);
  std::uint32_t pending = 0;
  unsigned pending_bits = 0;
  const std::uint32_t mask = (1U << alphabet.bits) - 1;
  for (const std::uint8_t byte : bytes) {
    pending = (pending << 8 | byte) & 0xffff;
    pending_bits += 8;
    for (; pending_bits >= alphabet.bits; pending_bits -= alphabet.bits) {
      out.push_back(alphabet.digits[pending >> (pending_bits - alphabet.bits) & mask]);
    }
  }
  if (pending_bits > 0) {
    out.push_back(alphabet.digits[pending << (alphabet.bits - pending_bits) & mask]);
  }
  while (alphabet.group != 0 && out.size() % alphabet.group != 0) out.push_back('=');
  return out;
}

/// The text without its padding, which must be there, and no longer than it has to be.
std::string_view without_padding(const Alphabet& alphabet, std::string_view text) {
  if (alphabet.group == 0) return text;
  if (text.size() % alphabet.group != 0) throw Error(ErrorCode::malformed, "padding is missing");
  const std::size_t end = text.find_last_not_of('=') + 1;
  if (text.size() - end >= alphabet.group) throw Error(ErrorCode::malformed, "needless padding");
  return text.substr(0, end);
}

Bytes decode_bits(const Alphabet& alphabet, std::string_view padded) {
  const std::string_view text = without_padding(alphabet, padded);
  Bytes out;
  out.reserve(text.size() * alphabet.bits / 8);
  std::uint32_t pending = 0;
  unsigned pending_bits = 0;
  for (const char c : text) {
    pending = (pending << alphabet.bits | alphabet.value(c)) & 0xffff;
    pending_bits += alphabet.bits;
    if (pending_bits < 8) continue;
    pending_bits -= 8;
    out.push_back(static_cast<std::uint8_t>(pending >> pending_bits));
  }
  if (pending_bits >= alphabet.bits) throw Error(ErrorCode::malformed, "text of impossible length");
  if ((pending & ((1U << pending_bits) - 1)) != 0) {
    throw Error(ErrorCode::malformed, "bits left over at the end");
  }
  return out;
}

/// A large number: limbs below some modulus, least significant first.
using Number = std::vector<std::uint32_t>;

constexpr std::size_t kLimbBytes = 4;
constexpr std::uint64_t kByteLimb = std::uint64_t{1} << 8 * kLimbBytes;

constexpr std::uint64_t power(std::uint64_t base, std::size_t exponent) {
  return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

/// number = number * factor + carry. Modulus, factor and carry are 2^32 at most.
template <std::uint64_t modulus>
void multiply_add(Number& number, std::uint64_t factor, std::uint64_t carry) {
  for (std::uint32_t& limb : number) {
    const std::uint64_t value = limb * factor + carry;
    limb = static_cast<std::uint32_t>(value % modulus);
    carry = value / modulus;
  }
  for (; carry != 0; carry /= modulus) {
    number.push_back(static_cast<std::uint32_t>(carry % modulus));
  }
}

/// Removes the next `size` elements, or at the start so few that the rest comes out even.
template <class Sequence>
Sequence take_group(Sequence& rest, std::size_t size) {
  const std::size_t odd = rest.size() % size;
  const Sequence group(rest.data(), odd == 0 ? size : odd);
  rest = Sequence(rest.data() + group.size(), rest.size() - group.size());
  return group;
}

/// A base that is no power of two, `digits` of which fit a limb: one by one they would take as long
/// as hashing what is encoded. Leading zero bytes have no place in a number, so each is written as
/// one leading zero digit.
template <std::uint64_t base, std::size_t digits>
struct NumberBase {
  static constexpr std::uint64_t kLimb = power(base, digits);
  static_assert(kLimb <= kByteLimb);

  static std::string encode(const Alphabet& alphabet, ByteView bytes) {
    const auto first = std::ranges::find_if(bytes, [](std::uint8_t byte) { return byte != 0; });
    const auto zeros = static_cast<std::size_t>(first - bytes.begin());
    Number number;
    number.reserve(bytes.size() / 3 + 1);  // limbs hold 29 bits or more
    for (ByteView rest = bytes.subspan(zeros); !rest.empty();) {
      const ByteView group = take_group(rest, kLimbBytes);
      std::uint64_t value = 0;
      for (const std::uint8_t byte : group) value = value << 8 | byte;
      multiply_add<kLimb>(number, std::uint64_t{1} << 8 * group.size(), value);
    }
    std::string backwards;
    backwards.reserve(number.size() * digits + zeros);
    for (std::uint32_t limb : number) {
      for (std::size_t i = 0; i < digits; ++i, limb /= base) {
        backwards.push_back(alphabet.digits[limb % base]);
      }
    }
    while (!backwards.empty() && backwards.back() == alphabet.digits[0]) backwards.pop_back();
    backwards.append(zeros, alphabet.digits[0]);
    return {backwards.rbegin(), backwards.rend()};
  }

  static Bytes decode(const Alphabet& alphabet, std::string_view text) {
    const std::size_t zeros = std::min(text.find_first_not_of(alphabet.digits[0]), text.size());
    Number number;
    for (std::string_view rest = text.substr(zeros); !rest.empty();) {
      const std::string_view group = take_group(rest, digits);
      std::uint64_t value = 0;
      for (const char c : group) value = value * base + alphabet.value(c);
      multiply_add<kByteLimb>(number, power(base, group.size()), value);
    }
    Bytes backwards;
    for (std::uint32_t limb : number) {
      for (std::size_t i = 0; i < kLimbBytes; ++i, limb >>= 8) {
        backwards.push_back(static_cast<std::uint8_t>(limb));
      }
    }
    while (!backwards.empty() && backwards.back() == 0) backwards.pop_back();
    backwards.insert(backwards.end(), zeros, 0);
    return {backwards.rbegin(), backwards.rend()};
  }
};

using Base36 = NumberBase<36, 6>;
using Base58 = NumberBase<58, 5>;

std::string encode_number(const Alphabet& alphabet, ByteView bytes) {
  if (bytes.size() > kMaxSlowBaseBytes) {
    throw Error(ErrorCode::limit, "too many bytes for base36 or base58");
  }
  return alphabet.digits.size() == 36 ? Base36::encode(alphabet, bytes)
                                      : Base58::encode(alphabet, bytes);
}

Bytes decode_number(const Alphabet& alphabet, std::string_view text) {
  if (text.size() > kMaxSlowBaseCharacters) {
    throw Error(ErrorCode::limit, "too many characters for base36 or base58");
  }
  return alphabet.digits.size() == 36 ? Base36::decode(alphabet, text)
                                      : Base58::decode(alphabet, text);
}

}  // namespace

std::string encode_base(Base base, ByteView bytes) {
  const Alphabet& alphabet = kAlphabets[static_cast<std::size_t>(base)];
  return alphabet.bits != 0 ? encode_bits(alphabet, bytes) : encode_number(alphabet, bytes);
}

Bytes decode_base(Base base, std::string_view text) {
  const Alphabet& alphabet = kAlphabets[static_cast<std::size_t>(base)];
  return alphabet.bits != 0 ? decode_bits(alphabet, text) : decode_number(alphabet, text);
}

}  // namespace shoal
