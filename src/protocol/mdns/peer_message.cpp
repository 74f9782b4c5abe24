#include "protocol/mdns/peer_message.h"

#include <algorithm>
#include <optional>

#include "base/error.h"

namespace shoal::mdns {

namespace {

constexpr std::string_view kTextPrefix = "dnsaddr=";

DnsName random_label(Random& random) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::size_t kLengths = Announcement::kMaxNameBytes - Announcement::kMinNameBytes + 1;
  std::string label(Announcement::kMinNameBytes + random.below(kLengths), '\0');
  for (char& letter : label) letter = kLetters[random.below(kLetters.size())];
  return DnsName::parse(label);
}

/// The port of SRV, which peers ignore: it is said again in each address.
std::uint16_t port_of(const std::vector<Multiaddr>& addresses) {
  for (const Multiaddr& address : addresses) {
    if (const auto endpoint = address.tcp_endpoint()) return endpoint->port;
  }
  return 0;
}

const Pointer* instance_of(const Record& record, const DnsName& service) {
  return record.name == service ? std::get_if<Pointer>(&record.data) : nullptr;
}

/// The address of a dnsaddr text; none when it is anything else.
std::optional<Multiaddr> address_in(const std::string& text) {
  if (!text.starts_with(kTextPrefix)) return std::nullopt;
  try {
    return Multiaddr::parse(std::string_view(text).substr(kTextPrefix.size()));
  } catch (const Error&) {
    return std::nullopt;  // of a protocol of the future, or none at all
  }
}

std::vector<Multiaddr> addresses_under(const DnsMessage& message, const DnsName& instance) {
  std::vector<Multiaddr> out;
  std::size_t looked_at = 0;
  for (const auto* section : {&message.answers, &message.additional}) {
    for (const Record& record : *section) {
      const Texts* texts = std::get_if<Texts>(&record.data);
      if (texts == nullptr || record.name != instance) continue;
      for (const std::string& text : *texts) {
        if (out.size() == AnnouncedPeer::kMaxAddresses) return out;
        if (looked_at++ == AnnouncedPeer::kMaxTexts) return out;
        if (auto address = address_in(text)) out.push_back(std::move(*address));
      }
    }
  }
  return out;
}

std::optional<AnnouncedPeer> peer_of(const DnsMessage& message, const DnsName& instance,
                                     std::uint32_t ttl_seconds) {
  const std::vector<Multiaddr> addresses = addresses_under(message, instance);
  const auto peer = addresses.empty() ? std::nullopt : addresses.front().peer();
  if (!peer) return std::nullopt;
  AnnouncedPeer out{
      .instance = instance, .peer = *peer, .addresses = {}, .ttl_seconds = ttl_seconds};
  for (const Multiaddr& address : addresses) {
    if (address.peer() != peer) return std::nullopt;
    Multiaddr plain = address.without_peer();
    const bool known = std::ranges::count(out.addresses, plain) > 0;
    if (!plain.empty() && !known) out.addresses.push_back(std::move(plain));
  }
  if (out.addresses.empty()) return std::nullopt;
  return out;
}

}  // namespace

Announcement::Announcement(Random& random, const PeerId& its_peer, std::string_view service_name)
    : service(DnsName::parse(service_name)), peer(its_peer) {
  const DnsName label = random_label(random);
  instance = label.below(service);
  host = label.below(DnsName::parse("p2p.local"));
}

DnsMessage Announcement::answer(const std::vector<Multiaddr>& addresses,
                                std::uint32_t ttl_seconds) const {
  DnsMessage out{.response = true};
  out.answers.push_back({.name = service, .ttl_seconds = ttl_seconds, .data = Pointer{instance}});
  const auto add = [&](const DnsName& name, decltype(Record::data) data) {
    out.additional.push_back(
        {.name = name, .ttl_seconds = ttl_seconds, .flush = true, .data = std::move(data)});
  };
  add(instance, Texts());
  add(instance, Service{port_of(addresses), host});
  for (const Multiaddr& address : addresses) {
    const std::string text = std::string(kTextPrefix) + address.with_peer(peer).to_string();
    if (text.size() > kMaxTextBytes) continue;
    DnsMessage larger = out;
    std::get<Texts>(larger.additional.front().data).push_back(text);
    const auto ip = address.ip();
    const auto says_ip = [&ip](const Record& record) {
      const auto* known = std::get_if<IpAddress>(&record.data);
      return known != nullptr && *known == *ip;
    };
    if (ip && std::ranges::none_of(larger.additional, says_ip)) {
      larger.additional.push_back(
          {.name = host, .ttl_seconds = ttl_seconds, .flush = true, .data = *ip});
    }
    if (larger.encode().size() <= kMaxAnswerBytes) out = std::move(larger);
  }
  return out;
}

DnsMessage Announcement::service_answer() const {
  DnsMessage out{.response = true};
  out.answers.push_back(
      {.name = all_services(), .ttl_seconds = kTtlSeconds, .data = Pointer{service}});
  return out;
}

DnsName Announcement::all_services() {
  return DnsName::parse("_services._dns-sd._udp.local");
}

bool Announcement::is_known_in(const DnsMessage& query) const {
  return std::ranges::any_of(query.answers, [this](const Record& known) {
    const Pointer* pointer = instance_of(known, service);
    return pointer != nullptr && pointer->target == instance &&
           known.ttl_seconds >= kTtlSeconds / 2;
  });
}

Wanted Announcement::wanted_by(const DnsMessage& query) const {
  Wanted out{.unicast = true};
  for (const Question& question : query.questions) {
    const bool is_pointer = question.type == RecordType::ptr || question.type == RecordType::any;
    const bool peers = question.name == service && is_pointer && !is_known_in(query);
    const bool ours = question.name == instance || question.name == host;
    const bool services = question.name == all_services() && is_pointer;
    out.peer |= peers || ours;
    out.service |= services;
    if ((peers || ours || services) && !question.unicast) out.unicast = false;
  }
  return out;
}

DnsMessage Announcement::as_legacy(DnsMessage answer, const DnsMessage& query) {
  answer.id = query.id;
  answer.questions = query.questions;
  for (auto* section : {&answer.answers, &answer.additional}) {
    for (Record& record : *section) {
      record.flush = false;
      record.ttl_seconds = std::min(record.ttl_seconds, kLegacyTtlSeconds);
    }
  }
  return answer;
}

DnsMessage peers_query(const DnsName& service, const std::vector<KnownAnswer>& known) {
  DnsMessage out;
  out.questions.push_back({.name = service, .type = RecordType::ptr});
  for (const KnownAnswer& each : known) {
    out.answers.push_back(
        {.name = service, .ttl_seconds = each.ttl_seconds, .data = Pointer{each.instance}});
  }
  return out;
}

std::vector<AnnouncedPeer> announced_peers(const DnsMessage& message, const DnsName& service) {
  std::vector<AnnouncedPeer> out;
  std::size_t looked_at = 0;
  for (const auto* section : {&message.answers, &message.additional}) {
    for (const Record& record : *section) {
      const Pointer* pointer = instance_of(record, service);
      if (pointer == nullptr || record.ttl_seconds == 0) continue;
      if (looked_at++ == AnnouncedPeer::kMaxPerMessage) return out;
      if (auto peer = peer_of(message, pointer->target, record.ttl_seconds)) {
        out.push_back(std::move(*peer));
      }
    }
  }
  return out;
}

std::vector<DnsName> withdrawn_instances(const DnsMessage& message, const DnsName& service) {
  std::vector<DnsName> out;
  for (const Record& record : message.answers) {
    const Pointer* pointer = instance_of(record, service);
    if (pointer == nullptr || record.ttl_seconds != 0) continue;
    if (out.size() == AnnouncedPeer::kMaxPerMessage) return out;
    out.push_back(pointer->target);
  }
  return out;
}

}  // namespace shoal::mdns
