#include <malloc.h>

#include "cli/run.h"

int main(int argc, char** argv) {
  // One heap: malloc_trim() returns nothing from the ends of those that threads have for
  // themselves.
  ::mallopt(M_ARENA_MAX, 1);
  return shoal::cli::run({argv + 1, argv + argc});
}
