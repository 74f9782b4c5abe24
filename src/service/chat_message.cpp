#include "service/chat_message.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/error.h"
#include "format/protobuf_guard.h"

namespace shoal::service {

namespace {

enum ChatField : protozero::pbf_tag_type {
  chat_kind_field = 1,
  chat_name_field = 2,
  chat_text_field = 3,
  chat_time_field = 4,
  chat_period_field = 5,
};

constexpr std::uint32_t chat_number(ChatField field) {
  return protozero::tag_and_type(static_cast<protozero::pbf_tag_type>(field),
                                 protozero::pbf_wire_type::varint);
}

constexpr std::uint32_t chat_bytes(ChatField field) {
  return protozero::tag_and_type(static_cast<protozero::pbf_tag_type>(field),
                                 protozero::pbf_wire_type::length_delimited);
}

std::string take_chat_text(protozero::pbf_reader& reader, std::size_t most) {
  const auto view = reader.get_view();
  if (view.size() > most) throw Error(ErrorCode::limit, "chat: too long a name or text");
  return {view.data(), view.size()};
}

ChatMessage::Kind chat_kind(std::uint64_t number) {
  if (number >= 1 && number <= 3) return static_cast<ChatMessage::Kind>(number);
  throw Error(ErrorCode::unsupported, "chat: an unknown kind of message");
}

}  // namespace

Bytes ChatMessage::encode() const {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_uint64(chat_kind_field, static_cast<std::uint64_t>(kind));
  if (!name.empty()) writer.add_bytes(chat_name_field, name);
  if (!text.empty()) writer.add_bytes(chat_text_field, text);
  if (time_ms != 0) writer.add_uint64(chat_time_field, time_ms);
  if (period_ms != 0) writer.add_uint64(chat_period_field, period_ms);
  return to_bytes(out);
}

ChatMessage ChatMessage::decode(ByteView bytes) {
  if (bytes.size() > kMaxBytes) throw Error(ErrorCode::limit, "chat: too long a message");
  return read_protobuf("a chat message", [&] {
    ChatMessage out;
    std::uint64_t kind = 0;
    protozero::pbf_reader reader(as_view(bytes));
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case chat_number(chat_kind_field):
          kind = reader.get_uint64();
          break;
        case chat_bytes(chat_name_field):
          out.name = take_chat_text(reader, kMaxNameBytes);
          break;
        case chat_bytes(chat_text_field):
          out.text = take_chat_text(reader, kMaxTextBytes);
          break;
        case chat_number(chat_time_field):
          out.time_ms = reader.get_uint64();
          break;
        case chat_number(chat_period_field):
          out.period_ms = reader.get_uint64();
          break;
        default:
          reader.skip();
      }
    }
    out.kind = chat_kind(kind);
    return out;
  });
}

}  // namespace shoal::service
