#include "protocol/mdns/dns_message.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"

namespace shoal::mdns {
namespace {

std::optional<ErrorCode> error_code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

std::optional<ErrorCode> decode_error(ByteView bytes) {
  return error_code_of([bytes] { DnsMessage::decode(bytes); });
}

/// A header that counts its questions and answers, and what follows it.
Bytes packet(std::uint8_t questions, std::uint8_t answers, std::string_view rest) {
  Bytes out = {0, 0, 0, 0, 0, questions, 0, answers, 0, 0, 0, 0};
  append(out, as_bytes(rest));
  return out;
}

using std::string_view_literals::operator""sv;

TEST(DnsName, reads_labels_in_lower_case) {
  const Bytes bytes = to_bytes("\4_P2P\4_uDp\5local\0"sv);
  std::size_t at = 0;
  EXPECT_EQ(DnsName::read(bytes, at), DnsName::parse("_p2p._udp.local"));
  EXPECT_EQ(at, bytes.size());
}

TEST(DnsName, goes_on_behind_the_pointer) {
  const Bytes bytes = to_bytes("\5local\0\1a\xc0\0tail"sv);
  std::size_t at = 7;
  EXPECT_EQ(DnsName::read(bytes, at), DnsName::parse("a.local"));
  EXPECT_EQ(at, 11U);
}

TEST(DnsName, refuses_pointers_that_do_not_lead_back) {
  for (const auto bytes : {"\xc0\0"sv, "\1a\xc0\0"sv, "\xc0\2\xc0\0"sv, "\xc0\xff"sv}) {
    EXPECT_EQ(error_code_of([bytes] {
                std::size_t at = 0;
                DnsName::read(as_bytes(bytes), at);
              }),
              ErrorCode::malformed);
  }
}

TEST(DnsName, refuses_what_is_cut_short) {
  for (const auto bytes : {""sv, "\1"sv, "\1a"sv, "\2a\0"sv, "\xc0"sv, "\x40"sv, "\x80\0"sv}) {
    EXPECT_EQ(error_code_of([bytes] {
                std::size_t at = 0;
                DnsName::read(as_bytes(bytes), at);
              }),
              ErrorCode::malformed);
  }
}

/// A root, and then so many pointers, each to the one before.
Bytes pointer_chain(std::size_t pointers) {
  Bytes out = {0};
  for (std::size_t i = 0; i < pointers; ++i) {
    const std::size_t target = out.size() < 3 ? 0 : out.size() - 2;
    out.push_back(0xc0);
    out.push_back(static_cast<std::uint8_t>(target));
  }
  return out;
}

TEST(DnsName, follows_a_bounded_number_of_pointers) {
  const Bytes most = pointer_chain(DnsName::kMaxPointers);
  std::size_t at = most.size() - 2;
  EXPECT_TRUE(DnsName::read(most, at).is_root());
  const Bytes more = pointer_chain(DnsName::kMaxPointers + 1);
  EXPECT_EQ(error_code_of([&more] {
              std::size_t end = more.size() - 2;
              DnsName::read(more, end);
            }),
            ErrorCode::limit);
}

TEST(DnsName, holds_at_most_255_bytes_and_63_of_a_label) {
  const std::string label(63, 'a');
  const std::string three = label + "." + label + "." + label + ".";
  EXPECT_EQ(DnsName::parse(three + std::string(61, 'a')).wire().size(), DnsName::kMaxBytes);
  EXPECT_EQ(error_code_of([&] { DnsName::parse(three + std::string(62, 'a')); }), ErrorCode::limit);
  EXPECT_EQ(error_code_of([&] { DnsName::parse(label + "a"); }), ErrorCode::malformed);
}

TEST(DnsMessage, reads_what_it_writes) {
  const DnsName service = DnsName::parse("_p2p._udp.local");
  const DnsName instance = DnsName::parse("abc").below(service);
  DnsMessage message{.id = 7, .response = true};
  message.questions = {{.name = service, .type = RecordType::ptr, .unicast = true}};
  message.answers = {{.name = service, .ttl_seconds = 120, .data = Pointer{instance}}};
  message.additional = {
      {.name = instance, .ttl_seconds = 9, .flush = true, .data = Texts{"a=b", "", "c"}},
      {.name = instance, .data = Service{4001, DnsName::parse("abc.local")}},
      {.name = instance, .data = IpAddress::v4({10, 0, 0, 1})},
      {.name = instance, .data = IpAddress::v6({0xfd, 1})}};
  const Bytes bytes = message.encode();
  EXPECT_EQ(DnsMessage::decode(bytes), message);
}

TEST(DnsMessage, compresses_names) {
  const DnsName service = DnsName::parse("_p2p._udp.local");
  DnsMessage message;
  message.questions = {{.name = service}, {.name = service}};
  EXPECT_EQ(message.encode().size(), 12 + (service.wire().size() + 4) + (2 + 4));
}

TEST(DnsMessage, leaves_out_foreign_types_and_classes) {
  const Bytes bytes = packet(0, 2, "\0\0\x29\0\1\0\0\0\0\0\2ab\0\0\x0c\0\3\0\0\0\0\0\1a"sv);
  EXPECT_TRUE(DnsMessage::decode(bytes).answers.empty());
}

TEST(DnsMessage, refuses_records_of_another_length_than_said) {
  EXPECT_EQ(decode_error(packet(0, 1, "\0\0\x0c\0\1\0\0\0\0\0\2\0\0"sv)), ErrorCode::malformed);
  EXPECT_EQ(decode_error(packet(0, 1, "\0\0\x0c\0\1\0\0\0\0\0\0\0"sv)), ErrorCode::malformed);
  EXPECT_EQ(decode_error(packet(0, 1, "\0\0\x10\0\1\0\0\0\0\0\2\2a"sv)), ErrorCode::malformed);
  EXPECT_EQ(decode_error(packet(0, 1, "\0\0\1\0\1\0\0\0\0\0\3abc"sv)), ErrorCode::malformed);
  EXPECT_EQ(decode_error(packet(0, 1, "\0\0\x10\0\1\0\0\0\0\xff\xff"sv)), ErrorCode::malformed);
}

TEST(DnsMessage, refuses_every_prefix_of_a_message) {
  DnsMessage message{.response = true};
  message.answers = {{.name = DnsName::parse("a.local"), .data = Texts{"text"}}};
  const Bytes bytes = message.encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(decode_error(ByteView(bytes).first(size)), ErrorCode::malformed) << size;
  }
}

TEST(DnsMessage, refuses_what_is_no_query_and_no_answer) {
  Bytes bytes = packet(0, 0, "");
  bytes[2] = 0x28;  // an update
  EXPECT_EQ(decode_error(bytes), ErrorCode::unsupported);
  bytes[2] = 0x80;
  bytes[3] = 0x03;  // no such name
  EXPECT_EQ(decode_error(bytes), ErrorCode::unsupported);
}

TEST(DnsMessage, holds_a_bounded_number_of_entries) {
  DnsMessage message;
  message.questions.resize(DnsMessage::kMaxEntries);
  Bytes bytes = message.encode();
  EXPECT_EQ(DnsMessage::decode(bytes), message);
  bytes[7] = 1;  // an answer beside them
  EXPECT_EQ(decode_error(bytes), ErrorCode::limit);
  message.questions.resize(DnsMessage::kMaxEntries + 1);
  EXPECT_EQ(error_code_of([&message] { message.encode(); }), ErrorCode::limit);
}

TEST(DnsMessage, is_at_most_as_large_as_mdns_allows) {
  Bytes bytes = packet(0, 0, "");
  bytes.resize(DnsMessage::kMaxBytes);
  EXPECT_EQ(decode_error(bytes), std::nullopt);
  bytes.push_back(0);
  EXPECT_EQ(decode_error(bytes), ErrorCode::limit);
}

TEST(DnsMessage, writes_texts_of_at_most_255_bytes) {
  DnsMessage message;
  message.answers = {{.name = {}, .data = Texts{std::string(255, 'x')}}};
  EXPECT_EQ(DnsMessage::decode(message.encode()), message);
  message.answers = {{.name = {}, .data = Texts{std::string(256, 'x')}}};
  EXPECT_EQ(error_code_of([&message] { message.encode(); }), ErrorCode::limit);
}

}  // namespace
}  // namespace shoal::mdns
