#include "service/chat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "net/framing.h"
#include "node/node.h"
#include "system/sim/world.h"

namespace shoal::node {
namespace {

using service::Chat;
using service::ChatEvent;
using service::ChatMessage;
using service::ChatRoom;
using service::ChatState;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A person at a machine of the local network.
struct Person {
  Person(sim::World& its_world, const ChatRoom& room, const std::string& name) : world(its_world) {
    sim::HostOptions options;
    options.lan = "home";
    host = &world.add_host(std::move(options));
    Config config;
    config.home = "/home";
    config.listen = {Multiaddr::tcp({host->address(), 4001})};
    config.lan = true;
    config.ephemeral = true;
    node = std::make_unique<Node>(host->system(), std::move(config));
    node->start();
    chat = std::make_unique<Chat>(host->system(), node->swarm(), node->topics(),
                                  Chat::Options{room, name});
    chat->start();
  }
  ~Person() { leave(); }
  Person(const Person&) = delete;
  Person& operator=(const Person&) = delete;

  void leave() {
    if (!node) return;
    world.run(chat->stop());
    world.run(node->stop());
    chat.reset();
    node.reset();
  }
  void say(const std::string& text) { world.run(chat->say(text)); }
  /// "ann: hello", "+ben", "-ben", "*benny"; old words in brackets.
  std::vector<std::string> events() {
    std::vector<std::string> out;
    while (auto event = chat->next_event()) out.push_back(describe(*event));
    return out;
  }
  static std::string describe(const ChatEvent& event) {
    switch (event.kind) {
      case ChatEvent::Kind::said: {
        const std::string text = event.name + ": " + event.text;
        return event.old ? "(" + text + ")" : text;
      }
      case ChatEvent::Kind::joined:
        return "+" + event.name;
      case ChatEvent::Kind::left:
        return "-" + event.name;
      case ChatEvent::Kind::renamed:
        return "*" + event.name;
      case ChatEvent::Kind::missed:
        return "missed";
    }
    return {};
  }

  sim::World& world;
  sim::Host* host = nullptr;
  std::unique_ptr<Node> node;
  std::unique_ptr<Chat> chat;
};

struct Chats : ::testing::Test {
  Person& add(const std::string& name) {
    people.push_back(std::make_unique<Person>(world, room, name));
    return *people.back();
  }

  sim::World world;
  ChatRoom room = ChatRoom::open_to_all("picnic");
  std::vector<std::unique_ptr<Person>> people;
};

TEST_F(Chats, two_meet_by_name_and_talk) {
  Person& ann = add("ann");
  Person& ben = add("ben");
  world.run_for(2s);
  EXPECT_THAT(ann.events(), ElementsAre("+ben"));
  EXPECT_THAT(ben.events(), ElementsAre("+ann"));
  ann.say("hello");
  ben.say("hi");
  world.run_for(1s);
  EXPECT_THAT(ann.events(), ElementsAre("ben: hi"));
  EXPECT_THAT(ben.events(), ElementsAre("ann: hello"));
  world.run(ben.chat->rename("benny"));
  world.run_for(1s);
  EXPECT_THAT(ann.events(), ElementsAre("*benny"));
  ben.leave();
  world.run_for(1s);
  EXPECT_THAT(ann.events(), ElementsAre("-benny"));
  EXPECT_THAT(ann.chat->members(), IsEmpty());
}

TEST_F(Chats, nobody_leaves_by_saying_nothing) {
  Person& ann = add("ann");
  add("ben");
  world.run_for(10min);
  EXPECT_THAT(ann.events(), ElementsAre("+ben"));
}

TEST_F(Chats, one_whose_machine_dies_is_off_the_list_within_15s) {
  Person& ann = add("ann");
  Person& ben = add("ben");
  world.run_for(5s);
  ann.events();
  ben.host->set_online(false);
  world.run_for(15s);
  EXPECT_THAT(ann.events(), ElementsAre("-ben"));
  ben.host->set_online(true);
}

TEST_F(Chats, who_comes_late_hears_the_last_50) {
  Person& ann = add("ann");
  ann.say("to nobody");
  Person& ben = add("ben");
  world.run_for(2s);
  EXPECT_THAT(ben.events(), Contains("(ann: to nobody)"));
  for (int i = 0; i < 60; ++i) {
    (i % 2 == 0 ? ann : ben).say(std::to_string(i));
    world.run_for(100ms);
  }
  Person& eve = add("eve");
  world.run_for(3s);
  std::vector<std::string> heard = eve.events();
  std::erase_if(heard, [](const std::string& text) { return !text.starts_with('('); });
  ASSERT_EQ(heard.size(), ChatState::kHistory);
  EXPECT_EQ(heard.front(), "(ann: 10)");
  EXPECT_EQ(heard.back(), "(ben: 59)");
  ann.leave();
  ben.leave();
  Person& last = add("last");
  world.run_for(3s);
  EXPECT_THAT(last.events(), Contains("(ben: 59)")) << "from one who was told herself";
}

TEST_F(Chats, a_private_room_is_closed_to_who_has_no_key) {
  sim::SeededRandom random(7, 7);
  const ChatRoom secret = ChatRoom::private_room("picnic", random);
  room = secret;
  Person& ann = add("ann");
  Person& ben = add("ben");
  room = ChatRoom::open_to_all("picnic");
  Person& eve = add("eve");
  // Eve knows the topic, from a list of them, but not the key.
  const auto tapped = eve.node->topics().open(secret.topic());
  world.run_for(2s);
  ann.say("hello");
  world.run_for(1s);
  EXPECT_THAT(ben.events(), ElementsAre("+ann", "ann: hello"));
  EXPECT_THAT(eve.events(), IsEmpty());
  bool heard = false;
  while (const auto next = tapped->try_next()) {
    heard = true;
    EXPECT_EQ(as_text(next->data()).find("hello"), std::string_view::npos);
    EXPECT_EQ(as_text(next->data()).find("ann"), std::string_view::npos);
  }
  EXPECT_TRUE(heard);
  world.run(tapped->publish(to_bytes("nonsense")));
  world.run_for(1s);
  EXPECT_THAT(ben.events(), IsEmpty());
}

/// A member who tells of words that were never said.
TEST_F(Chats, a_forged_history_is_not_believed) {
  Person& ann = add("ann");
  add("ben");
  world.run_for(2s);
  const PeerId victim = ann.node->id();
  ann.events();
  std::string protocol;
  for (const std::string& name : ann.node->swarm().protocols().names()) {
    if (name.starts_with("/shoal/chat/")) protocol = name;
  }
  ann.node->swarm().protocols().remove(protocol);
  const auto forge = [](net::ProtocolStream stream, std::string topic,
                        PeerId author) -> Task<void> {
    ChatMessage words;
    words.kind = ChatMessage::Kind::say;
    words.text = "I owe you";
    gossipsub::Message message = gossipsub::anonymous_message(topic, words.encode());
    message.from = to_bytes(author.encoded());
    message.seqno = Bytes(gossipsub::kSequenceBytes, 1);
    message.signature = Bytes(64, 1);
    co_await net::write_message(*stream.stream, message.encode());
    co_await stream.stream->close_write();
  };
  people[1]->leave();
  ann.node->swarm().protocols().add(protocol, [&](net::ProtocolStream stream) {
    return forge(std::move(stream), room.topic(), victim);
  });
  Person& eve = add("eve");
  world.run_for(3s);
  EXPECT_THAT(eve.events(), ElementsAre("+ann"));
}

}  // namespace
}  // namespace shoal::node
