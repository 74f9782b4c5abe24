#include "cli/topic_text.h"

#include "base/base_n.h"
#include "base/display_text.h"
#include "base/error.h"

namespace shoal::cli {

std::string id_text(const gossipsub::MessageId& id) {
  return to_hex(as_bytes(id));
}

boost::json::object message_event(const gossipsub::Received& received) {
  const auto author = received.author();
  boost::json::object out = {{"event", "message"},
                             {"topic", received.message->message.topic},
                             {"from", nullptr},
                             {"id", id_text(received.message->id)}};
  if (author) out["from"] = author->to_string();
  const std::string text(as_text(received.data()));
  if (as_utf8(text) == text) {
    out["text"] = text;
  } else {
    out["data"] = encode_base(Base::base64_pad, received.data());
  }
  return out;
}

gossipsub::SignaturePolicy policy_for(bool unsigned_messages) {
  return unsigned_messages ? gossipsub::SignaturePolicy::strict_no_sign
                           : gossipsub::SignaturePolicy::strict_sign;
}

std::string checked_topic(const std::string& topic) {
  if (topic.size() <= gossipsub::kMaxTopicBytes) return topic;
  throw Error(ErrorCode::usage, "the topic has more than 256 bytes", {}, "use a shorter name");
}

const char* hint_for_strangers() {
  return "peers are found on the local network; elsewhere give both sides --bootstrap ADDRESS";
}

}  // namespace shoal::cli
