#include "service/chat.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <cstdlib>

#include "base/base_n.h"
#include "base/display_text.h"
#include "base/error.h"
#include "cli/chat_screen.h"
#include "cli/commands.h"
#include "cli/patient_output.h"
#include "cli/stall.h"
#include "cli/standard_lines.h"
#include "cli/terminal.h"
#include "cli/topic_text.h"

namespace shoal::cli {

namespace {

constexpr const char* kHelp = "/who lists who is here, /name NAME renames you, /quit leaves";

/// Of the user, unless --name says.
std::string chat_name(const std::string& given) {
  if (!given.empty()) return given;
  const char* user = std::getenv("USER");
  std::string name = user == nullptr ? "" : user;
  return name.empty() || name.size() > service::ChatMessage::kMaxNameBytes ? "somebody" : name;
}

boost::json::object said_event(const service::ChatEvent& event, const std::string& topic) {
  boost::json::object out = {
      {"event", "message"}, {"topic", topic},          {"from", event.peer->to_string()},
      {"name", event.name}, {"id", id_text(event.id)}, {"time", event.time_ms},
      {"old", event.old}};
  if (as_utf8(event.text) == event.text) {
    out["text"] = event.text;
  } else {
    out["data"] = encode_base(Base::base64_pad, as_bytes(event.text));
  }
  return out;
}

boost::json::object event_of(const service::ChatEvent& event, const std::string& topic) {
  using Kind = service::ChatEvent::Kind;
  if (event.kind == Kind::said) return said_event(event, topic);
  if (event.kind == Kind::missed) {
    return {{"event", "missed"}, {"topic", topic}, {"count", event.count}};
  }
  const char* what = event.kind == Kind::joined ? "joined"
                     : event.kind == Kind::left ? "left"
                                                : "renamed";
  return {{"event", what}, {"peer_id", event.peer->to_string()}, {"name", event.name}};
}

/// Talks to whoever is in a room.
class ChatCommand final : public Command {
 public:
  explicit ChatCommand(ChatOptions options) : options_(std::move(options)) {}

  Task<void> run(Session& session) override {
    session_ = &session;
    session.serve_dht();
    session.expect_signal();
    node::Node& node = session.start_node();
    const auto room = options_.make_private
                          ? service::ChatRoom::private_room(options_.room, session.system().random)
                          : service::ChatRoom::parse(options_.room);
    topic_ = room.name();
    stdout_.emplace(session.system(), session.output());
    chat_ = std::make_unique<service::Chat>(
        session.system(), node.swarm(), node.topics(),
        service::Chat::Options{.room = room, .name = chat_name(options_.name)});
    chat_->start();
    begun_ = session.now();
    tell_begin(node);
    const bool typed = stdin_is_terminal() && stdout_is_terminal() && !session.output().json();
    if (typed) screen_.emplace();
    input_.emplace(session.system().waits, "chat input");
    input_->spawn(typed ? take_keys() : take_lines());
    co_await show();
  }

  Task<void> stop() override {
    if (input_) co_await input_->stop();
    screen_.reset();
    if (chat_) co_await chat_->stop();
    chat_.reset();
  }

 private:
  void tell_begin(node::Node& node) {
    boost::json::array addresses;
    for (const auto& address : node.addresses()) addresses.emplace_back(address.to_string());
    Output& output = session_->output();
    output.event({{"event", "chat"},
                  {"topic", topic_},
                  {"link", chat_->room().link()},
                  {"private", chat_->room().is_private()},
                  {"name", chat_->name()},
                  {"peer_id", node.id().to_string()},
                  {"addresses", std::move(addresses)}});
    if (options_.make_private) output.result(chat_->room().link());
    output.note(fmt::format("in {} as {}, waiting for others; /help lists commands",
                            for_terminal(chat_->room().name()), for_terminal(chat_->name())));
  }

  Task<void> show() {
    bool read = true;
    while (read && !ended_) {
      if (failure_) std::rethrow_exception(failure_);
      if (const auto event = chat_->next_event()) {
        met_ = true;
        read = co_await tell(*event);
      } else {
        check_timeout();
        co_await chat_->wait();
      }
    }
  }

  void check_timeout() const {
    const auto limit = session_->options().timeout;
    if (met_ || !limit || session_->now() - begun_ < *limit) return;
    throw Error(ErrorCode::not_found, "nobody else is in this chat", for_terminal(topic_),
                hint_for_strangers());
  }

  Task<bool> tell(service::ChatEvent event) {
    if (session_->output().json()) co_return co_await stdout_->event(event_of(event, topic_));
    const std::string line = chat_line(event, *chat_);
    if (!screen_) co_return co_await stdout_->write(line + "\n");
    co_return co_await stdout_->write(screen_->above(line));
  }

  /// From a terminal.
  Task<void> take_keys() {
    StandardLines input(session_->system());
    redraw();
    while (!ended_) {
      const std::optional<Bytes> keys = co_await input.next_piece();
      if (!keys) break;
      const LineEditor::Typed typed = screen_->editor.type(*keys);
      for (const std::string& line : typed.lines) co_await obey(line);
      if (typed.ended) break;
      redraw();
    }
    ended_ = true;
  }

  /// A screen that takes nothing now is drawn at the next chance.
  void redraw() {
    if (!PatientOutput::is_stuck()) session_->output().result_bytes(as_bytes(screen_->line()));
  }

  Task<void> obey(std::string line) {
    std::string answer;
    if (line == "/quit") {
      ended_ = true;
    } else if (line == "/who") {
      answer = who_is_here(*chat_);
    } else if (line.starts_with("/name ")) {
      answer = co_await rename(line.substr(6));
    } else if (line.starts_with("/") && !line.starts_with("//")) {
      answer = kHelp;
    } else if (!line.empty()) {
      if (line.starts_with("//")) line.erase(0, 1);
      answer = for_terminal(chat_->name()) + ": " + for_terminal(line);
      co_await chat_->say(std::move(line));
    }
    if (!answer.empty()) co_await stdout_->write(screen_->above(answer));
  }

  Task<std::string> rename(std::string name) {
    if (name.empty() || name.size() > service::ChatMessage::kMaxNameBytes) {
      co_return "a name has 1 to 64 bytes";
    }
    co_await chat_->rename(name);
    co_return "you are " + for_terminal(name);
  }

  /// From a pipe; its end ends nothing: others may still talk.
  Task<void> take_lines() {
    StandardLines input(session_->system());
    try {
      while (auto line = co_await input.next_line()) {
        if (!line->empty()) co_await chat_->say(std::string(as_text(*line)));
      }
    } catch (const Error&) {
      failure_ = std::current_exception();
    }
  }

  const ChatOptions options_;
  Session* session_ = nullptr;
  std::string topic_;
  std::optional<PatientOutput> stdout_;
  std::optional<ChatScreen> screen_;
  std::unique_ptr<service::Chat> chat_;
  std::optional<TaskGroup> input_;
  TimePoint begun_{};
  bool met_ = false;
  bool ended_ = false;
  std::exception_ptr failure_;
};

}  // namespace

std::unique_ptr<Command> make_chat(ChatOptions options) {
  return std::make_unique<ChatCommand>(std::move(options));
}

}  // namespace shoal::cli
