/* Exports a second symbol. */
#include "basic.h"
WAYBILL_EXPORT int leftover(void) { return 1; }
