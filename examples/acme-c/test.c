/* Tests of the plugin without a gateway: this program plays the gateway and the carrier. */
#include "waybill_plugin.h"

#include <stdio.h>
#include <string.h>

static int failures;

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      failures++;                                                     \
    }                                                                 \
  } while (0)

/* What the plugin emitted. */
typedef struct {
  int requests, credentials, failures;
  char url[256], authorization[1024], field[1024], code[64];
  uint64_t ttl_ms, retry_after_ms;
  uint32_t fail_class;
} emitted;

static void copy(char *to, size_t size, waybill_bytes from) {
  size_t len = from.len < size - 1 ? from.len : size - 1;
  if (len > 0) memcpy(to, from.ptr, len);
  to[len] = 0;
}

static void on_http(void *ctx, const waybill_http_request *request) {
  emitted *out = (emitted *)ctx;
  out->requests++;
  copy(out->url, sizeof out->url, request->url);
  copy(out->authorization, sizeof out->authorization, request->headers[0].value);
}
static void on_timer(void *ctx, uint64_t id, uint64_t ms) { (void)ctx, (void)id, (void)ms; }
static void on_cancel(void *ctx, uint64_t id) { (void)ctx, (void)id; }
static void on_done(void *ctx, const waybill_credential *credential) {
  emitted *out = (emitted *)ctx;
  out->credentials++;
  copy(out->field, sizeof out->field, credential->headers[0].value);
  out->ttl_ms = credential->ttl_ms;
}
static void on_failed(void *ctx, const waybill_failure *failure) {
  emitted *out = (emitted *)ctx;
  out->failures++;
  copy(out->code, sizeof out->code, failure->code);
  out->fail_class = failure->fail_class;
  out->retry_after_ms = failure->retry_after_ms;
}

static void on_log(uint32_t level, waybill_bytes message) { (void)level, (void)message; }
static uint64_t now(void) { return UINT64_C(1767225600000); }
static void no_random(uint8_t *dst, size_t len) { memset(dst, 7, len); }
static const waybill_host HOST = {
    sizeof(waybill_host), WAYBILL_ABI_MAJOR, WAYBILL_ABI_MINOR, 0, on_log, now, no_random};

static const waybill_plugin *plugin;

static waybill_sink sink_to(emitted *out) {
  waybill_sink sink;
  memset(&sink, 0, sizeof sink);
  memset(out, 0, sizeof *out);
  sink.struct_size = sizeof sink;
  sink.ctx = out;
  sink.http = on_http;
  sink.timer = on_timer;
  sink.cancel = on_cancel;
  sink.done = on_done;
  sink.failed = on_failed;
  return sink;
}

static waybill_bytes bytes(const char *text) {
  waybill_bytes all;
  all.ptr = (const uint8_t *)text;
  all.len = strlen(text);
  return all;
}

static waybill_instance *configure(const char *json, emitted *out) {
  waybill_sink sink = sink_to(out);
  waybill_instance *instance = NULL;
  plugin->instance_new(bytes(json), &sink, &instance);
  return instance;
}

#define GOOD "{\"client_id\":\"id\",\"client_secret\":\"s\\u00e4cret\"}"

/* One authorization with this answer. */
static emitted authorize(uint32_t kind, uint32_t status, const char *body) {
  emitted out;
  waybill_instance *instance = configure(GOOD, &out);
  waybill_sink sink = sink_to(&out);
  waybill_begin begin;
  waybill_event event;
  waybill_header field;
  waybill_op *op = NULL;
  memset(&begin, 0, sizeof begin);
  begin.struct_size = sizeof begin;
  CHECK(plugin->op_begin(instance, &begin, &sink, &op) == WAYBILL_OK);
  CHECK(out.requests == 1);
  memset(&field, 0, sizeof field);
  field.name = bytes("retry-after");
  field.value = bytes("7");
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  event.kind = kind;
  event.req_id = 1;
  event.status = status;
  event.headers = &field;
  event.n_headers = 1;
  event.body = bytes(body);
  plugin->op_resume(op, &event, &sink);
  /* A second answer for the same number must do nothing. */
  plugin->op_resume(op, &event, &sink);
  CHECK(out.credentials + out.failures == 1);
  plugin->op_free(op);
  plugin->instance_free(instance);
  return out;
}

static emitted answered(uint32_t status, const char *body) {
  return authorize(WAYBILL_EVENT_HTTP_RESPONSE, status, body);
}

static void test_good_answer(void) {
  emitted out = answered(200, "{\"access_token\":\"abc\", \"expires_in\":\"3600\"}");
  CHECK(strcmp(out.url, "https://api.acme.example/oauth/token") == 0);
  CHECK(strcmp(out.authorization, "Basic aWQ6c8OkY3JldA==") == 0);
  CHECK(strcmp(out.field, "Bearer abc") == 0);
  CHECK(out.ttl_ms == 3600000);
}

static void test_bad_answers(void) {
  static const char *const bodies[] = {
      "", "{", "[]", "null", "{\"access_token\":\"abc\"}", "{\"expires_in\":1}",
      "{\"access_token\":\"\",\"expires_in\":1}", "{\"access_token\":\"a\\nb\",\"expires_in\":1}",
      "{\"access_token\":\"abc\",\"expires_in\":-1}", "{\"access_token\":\"abc\",\"expires_in\":1",
      "{\"access_token\":\"abc\",\"expires_in\":99999999999999999999}",
      "{\"access_token\":\"\\ud800\",\"expires_in\":1}"};
  size_t i;
  for (i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    CHECK(answered(200, bodies[i]).fail_class == WAYBILL_FAIL_PROTOCOL);
  }
}

static void test_failures_have_their_class(void) {
  emitted out = answered(503, "");
  CHECK(out.fail_class == WAYBILL_FAIL_TRANSIENT && out.retry_after_ms == 7000);
  CHECK(answered(401, "{\"error\":\"invalid_client\"}").fail_class == WAYBILL_FAIL_REJECTED);
  CHECK(answered(403, "<html>").fail_class == WAYBILL_FAIL_PROTOCOL);
  out = authorize(WAYBILL_EVENT_HTTP_ERROR, WAYBILL_NET_TIMEOUT, "");
  CHECK(out.fail_class == WAYBILL_FAIL_TRANSIENT);
}

static void test_bad_configurations(void) {
  static const char *const configurations[] = {
      "", "[]", "{}", "{\"client_id\":\"id\"}", "{\"client_id\":\"a:b\",\"client_secret\":\"s\"}",
      "{\"client_id\":\"id\",\"client_secret\":\"s\",\"origin\":\"https://u@x/\"}"};
  size_t i;
  for (i = 0; i < sizeof configurations / sizeof *configurations; i++) {
    emitted out;
    CHECK(configure(configurations[i], &out) == NULL);
    CHECK(out.failures == 1 && out.fail_class == WAYBILL_FAIL_CONFIG);
  }
}

int main(void) {
  plugin = waybill_entry_v1(&HOST);
  CHECK(plugin != NULL);
  test_good_answer();
  test_bad_answers();
  test_failures_have_their_class();
  test_bad_configurations();
  if (failures == 0) puts("all tests passed");
  return failures == 0 ? 0 : 1;
}
