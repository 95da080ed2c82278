/* Made for another major of the ABI: its entry point has another name. */
#define OWN_ENTRY
#include "basic.h"
WAYBILL_EXPORT const waybill_plugin *waybill_entry_v2(const waybill_host *host) {
  (void)host;
  return &table;
}
