#include "net/security/tls/control.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::tls {
namespace {

ErrorCode control_failure(ControlReader& reader, ContentType type, ByteView content) {
  try {
    reader.read(type, content);
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "accepted " << to_hex(content);
  return ErrorCode::failed;
}

Bytes ticket(std::size_t bytes) {
  Bytes out{4, 0, static_cast<std::uint8_t>(bytes >> 8), static_cast<std::uint8_t>(bytes)};
  out.resize(out.size() + bytes, 0x11);
  return out;
}

TEST(TlsControl, reads_alerts) {
  ControlReader reader;
  EXPECT_EQ(reader.read(ContentType::alert, kCloseNotify), Request::end);
  EXPECT_EQ(reader.read(ContentType::alert, from_hex("015a")), Request::nothing);
  EXPECT_EQ(control_failure(reader, ContentType::alert, from_hex("022a")), ErrorCode::closed);
  EXPECT_EQ(control_failure(reader, ContentType::alert, from_hex("02ff")), ErrorCode::closed);
  EXPECT_EQ(control_failure(reader, ContentType::alert, from_hex("02")), ErrorCode::malformed);
}

TEST(TlsControl, reads_key_updates) {
  ControlReader reader;
  EXPECT_EQ(reader.read(ContentType::handshake, kKeyUpdate), Request::update_receiving);
  EXPECT_EQ(reader.read(ContentType::handshake, from_hex("1800000101")), Request::update_both);
  EXPECT_EQ(control_failure(reader, ContentType::handshake, from_hex("1800000102")),
            ErrorCode::malformed);
}

TEST(TlsControl, refuses_what_follows_a_key_update_under_the_old_key) {
  ControlReader reader;
  Bytes both = to_bytes(kKeyUpdate);
  append(both, ticket(3));
  EXPECT_EQ(control_failure(reader, ContentType::handshake, both), ErrorCode::malformed);
}

TEST(TlsControl, skips_tickets_however_they_are_cut) {
  Bytes messages = ticket(20);
  append(messages, ticket(0));
  append(messages, ticket(5));
  append(messages, kKeyUpdate);
  const std::size_t tickets = messages.size() - kKeyUpdate.size();
  for (std::size_t cut = 1; cut < tickets; ++cut) {
    ControlReader reader;
    EXPECT_EQ(reader.read(ContentType::handshake, ByteView(messages).first(cut)), Request::nothing);
    EXPECT_EQ(reader.read(ContentType::handshake, ByteView(messages).subspan(cut)),
              Request::update_receiving);
  }
}

TEST(TlsControl, takes_tickets_of_16384_bytes_and_no_more) {
  ControlReader reader;
  EXPECT_EQ(reader.read(ContentType::handshake, ticket(ControlReader::kMaxTicketBytes)),
            Request::nothing);
  EXPECT_EQ(
      control_failure(reader, ContentType::handshake, ticket(ControlReader::kMaxTicketBytes + 1)),
      ErrorCode::limit);
}

TEST(TlsControl, refuses_other_messages_and_types) {
  ControlReader reader;
  EXPECT_EQ(control_failure(reader, ContentType::handshake, from_hex("0d000000")),
            ErrorCode::malformed);
  EXPECT_EQ(control_failure(reader, ContentType::handshake, {}), ErrorCode::malformed);
  EXPECT_EQ(control_failure(reader, ContentType::change_cipher_spec, from_hex("01")),
            ErrorCode::malformed);
  EXPECT_EQ(control_failure(reader, ContentType{24}, from_hex("01")), ErrorCode::malformed);
}

TEST(TlsControl, takes_32_records_without_data_in_a_row) {
  ControlReader reader;
  for (std::size_t i = 0; i < ControlReader::kMaxRecordsInRow; ++i) {
    reader.read(ContentType::application_data, {});
  }
  ControlReader again = reader;
  again.data_arrived();
  EXPECT_EQ(again.read(ContentType::handshake, kKeyUpdate), Request::update_receiving);
  EXPECT_EQ(control_failure(reader, ContentType::application_data, {}), ErrorCode::limit);
}

}  // namespace
}  // namespace shoal::tls
