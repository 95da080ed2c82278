/* A plugin that breaks one rule of the contract in each authorization: DEED is a macro of the compiler. */
#include <stdlib.h>
#define PLUGIN_NAME "bad"
#define OWN_FUNCTIONS
#include "basic.h"

enum { FOREIGN_HOST, INVALID_FIELD, TWO_ANSWERS, NO_ANSWER, MANY_REQUESTS, HUGE_CREDENTIAL };

enum { MANY = 10000, HUGE = 10 << 20 };

static void ask(const waybill_sink *sink, uint64_t id, waybill_bytes url) {
  waybill_http_request request = {.struct_size = sizeof request, .req_id = id,
                                  .method = TEXT("GET"), .url = url};
  sink->http(sink->ctx, &request);
}

static void issue(const waybill_sink *sink, waybill_bytes value) {
  waybill_header header = {TEXT("authorization"), value, WAYBILL_HEADER_SENSITIVE};
  waybill_credential credential = {sizeof credential, 0, &header, 1, UINT64_MAX, 0,
                                   {NULL, 0},         NULL, 0};
  sink->done(sink->ctx, &credential);
}

static waybill_status instance_new(waybill_bytes config, const waybill_sink *err,
                                   waybill_instance **out) {
  (void)config, (void)err;
  *out = (waybill_instance *)1;
  return WAYBILL_OK;
}
static void instance_free(waybill_instance *instance) { (void)instance; }

static waybill_status op_begin(waybill_instance *instance, const waybill_begin *begin,
                               const waybill_sink *sink, waybill_op **out) {
  (void)instance, (void)begin;
  *out = (waybill_op *)1;
  switch (DEED) {
    case FOREIGN_HOST: ask(sink, 1, TEXT("https://elsewhere.example.com/")); break;
    case INVALID_FIELD: issue(sink, TEXT("a\r\nb: c")); break;
    case TWO_ANSWERS: succeed(sink), succeed(sink); break;
    case MANY_REQUESTS:
      for (uint64_t id = 1; id <= MANY; id++) ask(sink, id, TEXT("https://api.example.com/"));
      break;
    case HUGE_CREDENTIAL: {
      uint8_t *value = malloc(HUGE);
      memset(value, 'a', HUGE);
      issue(sink, (waybill_bytes){value, HUGE});
      free(value);
      break;
    }
    default: break;
  }
  return WAYBILL_OK;
}
static waybill_status op_resume(waybill_op *op, const waybill_event *event,
                                const waybill_sink *sink) {
  (void)op, (void)event;
  return fail(sink, WAYBILL_FAIL_CONFIG, TEXT("asked_elsewhere"));
}
static void op_free(waybill_op *op) { (void)op; }
