#include "service/link.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"

namespace shoal::service {

namespace {

constexpr std::size_t kShownBytes = 60;
// A whole one, with its /p2p/ID.
constexpr std::size_t kShownAddressBytes = 120;

/// Enough of it to know it again.
std::string abridged(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return std::string(text.substr(0, bytes)) + "…";
}

/// The reason comes first: a link is long.
[[noreturn]] void reject(
    const std::string& what, std::string_view text,
    std::string_view hint = "a link looks like ipfs://CID?filename=NAME&provider=MULTIADDR") {
  const std::string about = text.empty() ? std::string() : ": " + abridged(text, kShownBytes);
  throw Error(ErrorCode::usage, what + about, {}, std::string(hint));
}

std::string_view without_white_space(std::string_view text) {
  constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";
  text.remove_prefix(std::min(text.find_first_not_of(kWhiteSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kWhiteSpace) + 1);
}

/// Without what a mail or a chat puts around a link.
std::string_view unwrapped(std::string_view text) {
  text = without_white_space(text);
  if (!text.starts_with('<') || !text.ends_with('>')) return text;
  return without_white_space(text.substr(1, text.size() - 2));
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  const auto same_letter = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
  };
  if (text.size() < prefix.size() ||
      !std::equal(prefix.begin(), prefix.end(), text.begin(),
                  [&](char expected, char c) { return same_letter(c, expected); })) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

/// Everything before `separator`, which is taken off too; all of it when there is none.
std::string_view take_until(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  const std::string_view out = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return out;
}

bool is_cid(std::string_view text) {
  try {
    static_cast<void>(Cid::parse(text));
    return true;
  } catch (const Error&) {
    return false;
  }
}

[[noreturn]] void reject_ipns(std::string_view text) {
  reject("an IPNS name; Shoal reads ipfs links and CIDs so far", text,
         "`ipfs resolve /ipns/NAME` of an IPFS program tells the CID behind a name");
}

/// In each of the forms that links with a CID have.
void refuse_ipns(std::string_view text) {
  const std::string_view whole = text;
  if (take_prefix(text, "ipns://") || take_prefix(text, "/ipns/")) reject_ipns(whole);
  if (!take_prefix(text, "https://") && !take_prefix(text, "http://")) return;
  const std::string_view host = take_until(text, '/');
  if (host.contains(".ipns.") || take_prefix(text, "ipns/")) reject_ipns(whole);
}

/// The CID's text and the path after it, from any of the accepted forms, without the query.
std::string_view strip_to_cid(std::string_view text, std::string_view whole, std::string& buffer) {
  if (take_prefix(text, "ipfs://") || take_prefix(text, "/ipfs/")) return text;
  if (!take_prefix(text, "https://") && !take_prefix(text, "http://")) return text;
  std::string_view rest = text;
  const std::string_view host = take_until(rest, '/');
  const auto subdomain = host.find(".ipfs.");
  if (subdomain != std::string_view::npos && is_cid(host.substr(0, subdomain))) {
    buffer = std::string(host.substr(0, subdomain)) + "/" + std::string(rest);
    return buffer;
  }
  if (!take_prefix(rest, "ipfs/")) reject("this web address names no IPFS content", whole);
  return rest;
}

/// One that cannot be used, since others may know more protocols, leaves the rest of the link good.
void read_provider(Link& link, const std::string& address) {
  try {
    Multiaddr provider = Multiaddr::parse(address);
    if (!provider.peer()) throw Error(ErrorCode::usage, "does not end in /p2p/ID");
    link.providers.push_back(std::move(provider));
  } catch (const Error& error) {
    link.unusable.push_back(abridged(address, kShownAddressBytes) + ": " + error.message());
  }
}

void read_parameter(Link& link, std::string_view name, std::string_view value) {
  if (name == "filename") link.filename = percent_decode(value);
  if (name != "provider" || link.providers.size() >= Link::kMaxProviders) return;
  read_provider(link, percent_decode(value));
}

void read_path(Link& link, std::string_view path, std::string_view whole) {
  while (!path.empty()) {
    std::string segment = percent_decode(take_until(path, '/'));
    if (segment.empty()) continue;
    if (link.path.size() == Link::kMaxPathSegments) reject("the path in it is too deep", whole);
    link.path.push_back(std::move(segment));
  }
}

/// Where an address that was written by hand ends: with its /p2p/ID, the last one when that is
/// reached by a relay.
std::size_t address_end(std::string_view text) {
  constexpr std::string_view kPeer = "/p2p/";
  for (std::size_t end = 0;;) {
    const auto peer = text.find(kPeer, end);
    if (peer == text.npos) return text.size();
    end = std::min(text.find('/', peer + kPeer.size()), text.size());
    if (!text.substr(end).starts_with("/p2p-circuit")) return end;
  }
}

/// What was put behind a whole link, as in LINK/path: no value that to_string() writes has a '/'.
std::string_view take_path_behind(std::string_view name, std::string_view& value) {
  if (name != "filename" && name != "provider") return {};
  const bool by_hand = name == "provider" && value.starts_with('/');
  const std::size_t end = by_hand ? address_end(value) : std::min(value.find('/'), value.size());
  const std::string_view path = value.substr(end);
  value = value.substr(0, end);
  return path;
}

}  // namespace

Link Link::parse(std::string_view text, bool others_known) {
  text = unwrapped(text);
  const std::string_view whole = text;
  if (text.size() > kMaxTextBytes) reject("this link is too long", whole);
  refuse_ipns(whole);
  std::string_view before_fragment = take_until(text, '#');
  std::string_view location = take_until(before_fragment, '?');
  std::string_view query = before_fragment;
  std::string buffer;
  location = strip_to_cid(location, whole, buffer);
  const std::string cid_text = percent_decode(take_until(location, '/'));
  if (cid_text.empty()) reject("this link holds no CID", whole);
  std::optional<Cid> cid;
  try {
    cid = Cid::parse(cid_text);
  } catch (const Error& error) {
    const std::string hint =
        "a link looks like ipfs://CID?filename=NAME&provider=MULTIADDR (" + error.message() + ")";
    throw Error(ErrorCode::usage,
                "'" + abridged(whole, kShownBytes) + "' is not a Shoal or IPFS link", {}, hint);
  }
  if (cid->is(Codec::libp2p_key)) reject_ipns(whole);
  Link link{.cid = *cid, .path = {}, .filename = {}, .providers = {}};
  read_path(link, location, whole);
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    const std::string_view name = take_until(value, '=');
    const bool last = query.empty();
    if (last || name == "provider") {
      const std::string_view path = take_path_behind(name, value);
      if (!last && !path.empty()) reject("a '&' cuts the path in this link", path, kEncodingHint);
      read_path(link, path, whole);
    }
    read_parameter(link, name, value);
  }
  if (link.providers.empty() && !link.unusable.empty() && !others_known) {
    reject("no provider in this link can be used: " + link.unusable.front(), whole);
  }
  return link;
}

std::string Link::to_string() const {
  std::string out = "ipfs://" + cid.to_string();
  for (const std::string& segment : path) out += "/" + percent_encode(segment);
  char separator = '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    out += separator + std::string(name) + "=" + percent_encode(value);
    separator = '&';
  };
  if (!filename.empty()) add("filename", filename);
  for (const Multiaddr& provider : providers) add("provider", provider.to_string());
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (unreserved(c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    try {
      if (i + 2 >= text.size()) throw Error(ErrorCode::malformed, "cut short");
      out.push_back(static_cast<char>(from_hex(text.substr(i + 1, 2)).front()));
    } catch (const Error&) {
      reject("a '%' is not followed by two hexadecimal digits", text, kEncodingHint);
    }
    i += 2;
  }
  return out;
}

}  // namespace shoal::service
