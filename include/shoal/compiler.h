#pragma once

// Refuses compilers whose coroutines are broken. GCC 12 (tried: 12.2 and 12.4) destroys a temporary
// of aggregate or lambda type in a co_await expression twice, without a warning:
//
//   auto got = co_await node.get(link, {.output = "a name that does not fit into the string"});
//
// frees the name twice. GCC 13.3, GCC 14.2 and Clang 19 compile it right. Older GCCs are not tried.

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#error \
    "Shoal needs Clang 16 or GCC 13 or newer: this GCC destroys temporaries in co_await expressions twice"
#endif
