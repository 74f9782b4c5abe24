#include "service/link.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"

namespace shoal::service {

namespace {

[[noreturn]] void reject(const std::string& what, std::string_view text) {
  throw Error(ErrorCode::usage, what, std::string(text.substr(0, 200)),
              "a link looks like ipfs://CID?filename=NAME&provider=MULTIADDR");
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

/// The CID's text and the path after it, from any of the accepted forms, without the query.
std::string_view strip_to_cid(std::string_view text, std::string_view whole, std::string& buffer) {
  if (take_prefix(text, "ipfs://") || take_prefix(text, "/ipfs/")) return text;
  if (!take_prefix(text, "https://") && !take_prefix(text, "http://")) return text;
  std::string_view rest = text;
  const std::string_view host = take_until(rest, '/');
  const auto subdomain = host.find(".ipfs.");
  if (subdomain != std::string_view::npos) {
    buffer = std::string(host.substr(0, subdomain)) + "/" + std::string(rest);
    return buffer;
  }
  if (!take_prefix(rest, "ipfs/")) reject("this web address names no IPFS content", whole);
  return rest;
}

void read_parameter(Link& link, std::string_view name, std::string_view value) {
  if (name == "filename") link.filename = percent_decode(value);
  if (name != "provider" || link.providers.size() >= Link::kMaxProviders) return;
  const std::string address = percent_decode(value);
  std::optional<Multiaddr> provider;
  try {
    provider = Multiaddr::parse(address);
  } catch (const Error& error) {
    reject("a provider in the link is no multiaddr: " + error.message(), address);
  }
  if (!provider->peer()) reject("a provider in the link does not end in /p2p/ID", address);
  link.providers.push_back(*provider);
}

}  // namespace

Link Link::parse(std::string_view text) {
  const std::string_view whole = text;
  if (text.size() > kMaxTextBytes) reject("this link is too long", whole);
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
    reject("'" + cid_text.substr(0, 80) + "' is no CID (" + error.message() + ")", whole);
  }
  Link link{.cid = *cid, .path = {}, .filename = {}, .providers = {}};
  while (!location.empty()) {
    std::string segment = percent_decode(take_until(location, '/'));
    if (segment.empty()) continue;
    if (link.path.size() == kMaxPathSegments) reject("the path in this link is too deep", whole);
    link.path.push_back(std::move(segment));
  }
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    const std::string_view name = take_until(value, '=');
    read_parameter(link, name, value);
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
      reject("a '%' is not followed by two hexadecimal digits", text);
    }
    i += 2;
  }
  return out;
}

}  // namespace shoal::service
