#include "lab/sessions.h"

#include <algorithm>
#include <cmath>

#include "lab/lookups.h"

namespace shoal::lab {

namespace {

// Sessions of peers in the wild: many short, a few very long. A Weibull law of this shape fits
// measured ones (Stutzbach and Rejaie, IMC 2006).
constexpr double kSessionShape = 0.5;

Duration weibull(sim::SeededRandom& random, Duration median) {
  const double draw = -std::log(1 - random.unit()) / std::log(2.0);
  const double factor = std::min(50.0, std::pow(draw, 1 / kSessionShape));
  return std::chrono::seconds(1 + static_cast<std::int64_t>(seconds_of(median) * factor));
}

}  // namespace

Sessions::Sessions(LightNet& net, const std::vector<Record>& of_stayers, Duration median)
    : net_(net), median_(median), random_(net.world().seed(), 2) {
  for (std::uint32_t i = 0; i < net_.size(); ++i) {
    const bool stays = std::ranges::find(of_stayers, i, &Record::provider) != of_stayers.end();
    if (!stays) plan(i, true);
  }
}

void Sessions::plan(std::uint32_t index, bool up) {
  const Duration stay = weibull(random_, up ? median_ : median_ / 2);
  net_.world().after(stay, [this, index, up, lives = std::weak_ptr<int>(lives_)] {
    if (lives.expired()) return;
    net_.set_up(index, !up);
    plan(index, !up);
  });
}

}  // namespace shoal::lab
