#include "system/os/world_thread.h"

#include <boost/asio/post.hpp>
#include <mutex>
#include <thread>
#include <utility>

namespace shoal::os {

struct WorldThread::Parts {
  World world;
  std::mutex mutex;
  bool ending = false;  // under the mutex
  std::thread thread;
  std::thread::id id;  // of the thread, also when it has ended

  bool post(Step step, bool last) {
    const std::lock_guard lock(mutex);
    if (ending) return false;
    ending = last;
    boost::asio::post(world.system().executor(), std::move(step));
    return true;
  }
};

WorldThread::WorldThread() : parts_(std::make_unique<Parts>()) {
  parts_->thread = std::thread([world = &parts_->world] { world->run(); });
  parts_->id = parts_->thread.get_id();
}

WorldThread::~WorldThread() {
  end();
}

World& WorldThread::world() {
  return parts_->world;
}

bool WorldThread::inside() const {
  return std::this_thread::get_id() == parts_->id;
}

bool WorldThread::post(Step step) {
  return parts_->post(std::move(step), false);
}

void WorldThread::end() {
  // As a step: a stop() before the thread has got as far as running would be lost.
  parts_->post([world = &parts_->world] { world->stop(); }, true);
  if (parts_->thread.joinable()) parts_->thread.join();
}

}  // namespace shoal::os
