#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "system/localhost.h"
#include "system/os/resolver.h"

namespace shoal::os {

namespace {

constexpr int kSecondsPerTry = 3;
constexpr int kTries = 2;
constexpr std::size_t kMaxAnswerBytes = 64 * 1024;

Error not_found(const std::string& name, const char* why) {
  return Error(ErrorCode::not_found, why, name);
}

IpAddress address_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    std::array<std::uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &four.sin_addr, bytes.size());
    return IpAddress::v4(bytes);
  }
  const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
  std::array<std::uint8_t, 16> bytes;
  std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
  const bool scoped = IpAddress::v6(bytes).is_link_local();
  return IpAddress::v6(bytes, scoped ? six.sin6_scope_id : 0);
}

/// A resolver state of its own for each question: the threads share none.
class Query {
 public:
  Query() {
    if (::res_ninit(&state_) != 0) throw Error(ErrorCode::not_found, "no name server is known");
    state_.retrans = kSecondsPerTry;
    state_.retry = kTries;
  }
  ~Query() { ::res_nclose(&state_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Bytes texts(const std::string& name) {
    Bytes answer(kMaxAnswerBytes);
    const int length = ::res_nquery(&state_, name.c_str(), ns_c_in, ns_t_txt, answer.data(),
                                    static_cast<int>(answer.size()));
    if (length < 0) throw not_found(name, "no text record, or no name server answers");
    answer.resize(std::min(static_cast<std::size_t>(length), answer.size()));
    return answer;
  }

 private:
  struct __res_state state_{};
};

/// One record's character strings, joined, as RFC 7208 3.3 and dnsaddr want them.
std::string joined(ByteView record) {
  std::string text;
  while (!record.empty()) {
    const std::size_t length = std::min<std::size_t>(record[0], record.size() - 1);
    text += as_text(record.subspan(1, length));
    record = record.subspan(1 + length);
  }
  return text;
}

void check_name(const std::string& name) {
  constexpr std::size_t kMaxNameBytes = 255;
  const bool plain = name.find('\0') == name.npos;
  if (name.empty() || name.size() > kMaxNameBytes || !plain) {
    throw not_found(name.substr(0, kMaxNameBytes), "not a host name");
  }
}

}  // namespace

std::vector<IpAddress> look_up_addresses(const std::string& host) {
  check_name(host);
  if (is_localhost(host)) return localhost_addresses();
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* head = nullptr;
  const int result = ::getaddrinfo(host.c_str(), nullptr, &wanted, &head);
  if (result != 0) throw not_found(host, ::gai_strerror(result));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(head, ::freeaddrinfo);
  std::vector<IpAddress> found;
  for (const addrinfo* each = head; each != nullptr; each = each->ai_next) {
    if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
    const IpAddress address = address_of(*each->ai_addr);
    if (std::ranges::find(found, address) == found.end()) found.push_back(address);
    if (found.size() == HostResolver::kMaxAddresses) break;
  }
  if (found.empty()) throw not_found(host, "the name has no address");
  return found;
}

std::vector<std::string> look_up_texts(const std::string& name) {
  check_name(name);
  return texts_in(Query().texts(name), name);
}

std::vector<std::string> texts_in(ByteView answer, const std::string& name) {
  ns_msg message;
  if (::ns_initparse(answer.data(), static_cast<int>(answer.size()), &message) != 0) {
    throw not_found(name, "the name server's answer makes no sense");
  }
  std::vector<std::string> found;
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record;
    if (::ns_parserr(&message, ns_s_an, i, &record) != 0) break;
    if (ns_rr_type(record) != ns_t_txt) continue;
    found.push_back(joined(ByteView(ns_rr_rdata(record), record.rdlength)));
    if (found.size() == HostResolver::kMaxTexts) break;
  }
  if (found.empty()) throw not_found(name, "the name has no text record");
  return found;
}

}  // namespace shoal::os
