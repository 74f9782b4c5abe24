#include "service/chat.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "net/framing.h"
#include "system/offload.h"
#include "system/timeout.h"

namespace shoal::service {

namespace {

constexpr std::string_view kHistoryProtocol = "/shoal/chat/1.0.0/";
constexpr std::size_t kProtocolHashBytes = 16;

/// Each room has its own, so that nothing has to be said of which one is meant.
std::string history_protocol(const ChatRoom& room) {
  const auto digest = crypto::sha256(as_bytes(room.topic()));
  return std::string(kHistoryProtocol) + to_hex(ByteView(digest).first(kProtocolHashBytes));
}

void check_chat_name(const std::string& name) {
  if (name.size() <= ChatMessage::kMaxNameBytes) return;
  throw Error(ErrorCode::limit, "a name in a chat has at most 64 bytes", name);
}

}  // namespace

Chat::Chat(System& system, net::Swarm& swarm, Topics& topics, Options options)
    : system_(system),
      swarm_(swarm),
      topics_(topics),
      options_(std::move(options)),
      self_(swarm.local_peer()),
      history_protocol_(history_protocol(options_.room)),
      changed_(system.waits),
      hurry_(system.waits),
      met_(system.waits),
      tasks_(system.waits, "chat") {
  check_chat_name(options_.name);
}

Chat::~Chat() = default;

void Chat::start() {
  TopicOptions options;
  options.subscription.validator = [this](const gossipsub::Received& received) {
    return judge(received);
  };
  topic_ = topics_.open(options_.room.topic(), std::move(options));
  watching_ =
      topic_->when_peer([this](const PeerId& peer, bool joined) { peer_changed(peer, joined); });
  swarm_.protocols().add(history_protocol_,
                         [this](net::ProtocolStream stream) { return answer(std::move(stream)); });
  tasks_.spawn(listen());
  tasks_.spawn(keep_ticking());
  tasks_.spawn(keep_saying_here());
  tasks_.spawn(keep_asking());
}

Task<void> Chat::stop() {
  if (!topic_) co_return;
  swarm_.protocols().remove(history_protocol_);
  co_await tasks_.stop();
  try {
    ChatMessage bye;
    bye.kind = ChatMessage::Kind::bye;
    co_await publish(std::move(bye));
    co_await within(system_.clock, kByeTime, topic_->confirm(), "others to hear that we leave");
  } catch (const Error& error) {
    log_debug("{}", error.what());
  }
  watching_.end();
  topic_.reset();
}

std::uint64_t Chat::wall_ms() const {
  const auto since = system_.clock.wall_now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::milliseconds>(since).count());
}

std::optional<ChatMessage> Chat::read(const PeerId& author, ByteView data) const {
  const auto opened = options_.room.open(author, data);
  if (!opened) return std::nullopt;
  return ChatMessage::decode(*opened);
}

gossipsub::Verdict Chat::judge(const gossipsub::Received& received) const {
  using gossipsub::Verdict;
  try {
    const auto author = received.author();
    return author && read(*author, received.data()) ? Verdict::accept : Verdict::reject;
  } catch (const Error& error) {
    // Kinds that come later are nobody's fault.
    return error.code() == ErrorCode::unsupported ? Verdict::ignore : Verdict::reject;
  }
}

void Chat::hear(const gossipsub::Received& received) {
  const auto author = received.author();
  if (!author) return;
  const auto message = read(*author, received.data());
  if (!message) return;
  SharedBytes published(received.message->message.encode());
  state_.hear(*author, received.message->id, *message, std::move(published), false, wall_ms(),
              system_.clock.now());
  changed_.notify_all();
}

Task<void> Chat::listen() {
  while (!topic_->ended()) {
    if (const auto received = topic_->try_next()) {
      hear(*received);
    } else {
      co_await topic_->wait();
    }
  }
}

void Chat::peer_changed(const PeerId& peer, bool joined) {
  if (!joined) return state_.lost(peer, system_.clock.now());
  // It wants to know our name; all would tell it at once.
  const auto wait = std::chrono::milliseconds(system_.random.below(kGreetWithin / 1ms));
  const TimePoint soon = system_.clock.now() + wait;
  here_at_ = here_at_ ? std::min(*here_at_, soon) : soon;
  hurry_.notify_all();
  met_.notify_all();
}

Task<void> Chat::keep_ticking() {
  while (true) {
    co_await system_.clock.sleep_for(kTick);
    state_.tick(system_.clock.now());
    changed_.notify_all();
  }
}

Task<void> Chat::keep_saying_here() {
  while (true) {
    const TimePoint now = system_.clock.now();
    if (!here_at_ || now >= *here_at_) {
      const Duration period = state_.period();
      here_at_ = now + period;
      ChatMessage here;
      here.name = options_.name;
      here.time_ms = wall_ms();
      here.period_ms = static_cast<std::uint64_t>(period / 1ms);
      co_await publish(std::move(here));
    }
    co_await hurry_.wait_until(system_.clock, *here_at_);
  }
}

Task<void> Chat::publish(ChatMessage message) {
  Bytes sealed = options_.room.seal(self_, message.encode(), system_.random);
  const gossipsub::MessagePtr sent = co_await topic_->publish_message(std::move(sealed));
  if (message.kind != ChatMessage::Kind::say) co_return;
  state_.said(sent->id, SharedBytes(sent->message.encode()), message.time_ms);
}

Task<void> Chat::say(std::string text) {
  if (text.size() > ChatMessage::kMaxTextBytes) {
    throw Error(ErrorCode::limit, "a line of a chat has at most 16 KiB");
  }
  ChatMessage message;
  message.kind = ChatMessage::Kind::say;
  message.name = options_.name;
  message.text = std::move(text);
  message.time_ms = wall_ms();
  return publish(std::move(message));
}

Task<void> Chat::rename(std::string name) {
  check_chat_name(name);
  options_.name = std::move(name);
  here_at_.reset();
  hurry_.notify_all();
  co_return;
}

}  // namespace shoal::service
