#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "protocol/gossipsub/gossipsub.h"

namespace shoal::cli {

/// What `sub` says of a message: its text, or its bytes in base64 when they are no UTF-8.
boost::json::object message_event(const gossipsub::Received& received);

/// An id as text: hexadecimal.
std::string id_text(const gossipsub::MessageId& id);

/// Whether messages are signed.
gossipsub::SignaturePolicy policy_for(bool unsigned_messages);

/// A topic as a command line may name it. Throws Error{usage}.
std::string checked_topic(const std::string& topic);

/// How to be found, for those who wait.
const char* hint_for_strangers();

}  // namespace shoal::cli
