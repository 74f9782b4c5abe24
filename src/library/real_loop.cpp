#include "library/real_loop.h"

#include <cstdlib>
#include <utility>

#include "system/os/world_thread.h"

namespace shoal::library {

namespace {

class RealLoop final : public Loop {
 public:
  System& system() override { return thread_.world().system(); }
  bool inside() const override { return thread_.inside(); }
  bool on_thread() const override { return thread_.inside(); }
  bool post(Step step) override { return thread_.post(std::move(step)); }
  void block_until(const std::atomic<bool>& flag) override { flag.wait(false); }
  Task<int> wait_for_signal() override { return thread_.world().wait_for_signal(); }
  bool is_simulated() const override { return false; }
  std::string temporary_folder() const override {
    const char* chosen = std::getenv("TMPDIR");
    return chosen != nullptr && *chosen != '\0' ? chosen : "/tmp";
  }
  void end() override { thread_.end(); }

 private:
  os::WorldThread thread_;
};

}  // namespace

std::shared_ptr<Loop> make_real_loop() {
  return std::make_shared<RealLoop>();
}

}  // namespace shoal::library
