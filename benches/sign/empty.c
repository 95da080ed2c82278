/* A plugin whose signature is empty: what remains is the way to it and back. */
#define PLUGIN_NAME "empty"
#define PLUGIN_MORE ",\"sign\":{\"headers\":[\"content-type\"]}"
#define TABLE_CAPABILITIES (WAYBILL_CAP_TOKEN | WAYBILL_CAP_SIGN)
#define TABLE_SIGN sign
#include "basic.h"

static waybill_status sign(const waybill_instance *instance, const waybill_sign_request *request,
                           const waybill_sign_sink *sink) {
  (void)instance, (void)request, (void)sink;
  return WAYBILL_OK;
}
