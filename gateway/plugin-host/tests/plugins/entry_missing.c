/* Forgot to export the entry point. */
#define OWN_ENTRY
#include "basic.h"
WAYBILL_EXPORT const waybill_plugin *not_the_entry(void) { return &table; }
