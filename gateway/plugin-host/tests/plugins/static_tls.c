/* Initial-exec thread-local storage, as allocators use it. */
#include "basic.h"
static __thread int counter __attribute__((tls_model("initial-exec")));
__attribute__((constructor, used)) static void count(void) { counter++; }
