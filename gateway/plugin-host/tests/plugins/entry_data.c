/* The entry symbol is a variable. */
#define OWN_ENTRY
#define waybill_entry_v1 waybill_entry_declared
#include "basic.h"
#undef waybill_entry_v1
WAYBILL_EXPORT const void *const waybill_entry_v1 = &table;
