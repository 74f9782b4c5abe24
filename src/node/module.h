#pragma once

#include <functional>
#include <vector>

#include "system/task.h"

namespace shoal::node {

/// A part of a node that runs: started in the order in which modules were added, stopped in
/// reverse.
struct Module {
  std::function<void()> start = [] {};
  std::function<Task<void>()> stop;
};

template <class Part>
Module module_of(Part& part) {
  return {.start = [&part] { part.start(); }, .stop = [&part] { return part.stop(); }};
}

/// The same for what runs from its construction on.
template <class Part>
Module ending(Part& part) {
  return {.stop = [&part] { return part.stop(); }};
}

}  // namespace shoal::node
