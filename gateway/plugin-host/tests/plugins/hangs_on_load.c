/* Its constructor does not end. */
#include <unistd.h>
#include "basic.h"
__attribute__((constructor)) static void hang(void) {
  for (;;) pause();
}
