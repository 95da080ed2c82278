/* A plugin that signs requests, and whose configuration says how: {"mode":"..."}. "echo" sets fields
 * that show what it saw; most others break the contract in one way each. */
#include <stdio.h>
#include <stdlib.h>
#define PLUGIN_NAME "sign"
#ifndef SIGN
#define SIGN "{\"body\":\"bytes\",\"headers\":[\"content-type\",\"x-seen\"]}"
#endif
#define PLUGIN_MORE ",\"sign\":" SIGN
#ifndef TABLE_CAPABILITIES
#define TABLE_CAPABILITIES (WAYBILL_CAP_TOKEN | WAYBILL_CAP_SIGN)
#endif
#define TABLE_SIGN sign
#define OWN_FUNCTIONS
#define OWN_ENTRY
#include "basic.h"

struct waybill_instance {
  char mode[40];
};

static const waybill_host *host;

/* The memory that a worker process shares with the gateway. A plugin can find it while it is loaded. */
static unsigned char *shared;
static size_t shared_length;

__attribute__((constructor)) static void find_shared_memory(void) {
  char line[512];
  FILE *maps = fopen("/proc/self/maps", "r");
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
    unsigned long begin, end;
    if (strstr(line, "waybill-sign") && sscanf(line, "%lx-%lx", &begin, &end) == 2) {
      shared = (unsigned char *)begin;
      shared_length = end - begin;
    }
  }
  if (maps != NULL) fclose(maps);
}

/* Writes something else over the requests and answers of the first entries, for ever. */
static void scribble(void) {
  for (unsigned turn = 1;; turn++)
    for (size_t at = 0; at < shared_length && at < 1 << 19; at++)
      ((volatile unsigned char *)shared)[at] = (unsigned char)(turn * 31 + at * turn);
}

static int is(const waybill_instance *instance, const char *mode) {
  return strcmp(instance->mode, mode) == 0;
}

static waybill_status instance_new(waybill_bytes config, const waybill_sink *err,
                                   waybill_instance **out) {
  char text[256] = {0};
  if (config.len >= sizeof text) return fail(err, WAYBILL_FAIL_CONFIG, TEXT("too_long"));
  memcpy(text, config.ptr, config.len);
  waybill_instance *instance = calloc(1, sizeof *instance);
  sscanf(text, "{\"mode\":\"%39[^\"]", instance->mode);
  *out = instance;
  return WAYBILL_OK;
}

static void instance_free(waybill_instance *instance) {
  host->log(3, TEXT("instance freed"));
  free(instance);
}

static waybill_status op_begin(waybill_instance *instance, const waybill_begin *begin,
                               const waybill_sink *sink, waybill_op **out) {
  (void)instance, (void)begin;
  *out = (waybill_op *)1;
  return succeed(sink);
}
static waybill_status op_resume(waybill_op *op, const waybill_event *event,
                                const waybill_sink *sink) {
  (void)op, (void)event, (void)sink;
  return WAYBILL_UNSUPPORTED;
}
static void op_free(waybill_op *op) { (void)op; }

static waybill_bytes text(const char *from) {
  return (waybill_bytes){(const uint8_t *)from, strlen(from)};
}

static void set(const waybill_sign_sink *sink, const char *name, const char *value) {
  sink->set_header(sink->ctx, text(name), text(value), WAYBILL_HEADER_SENSITIVE);
}

static void echo(const waybill_sign_request *request, const waybill_sign_sink *sink) {
  char line[4096] = {0};
  sink->set_header(sink->ctx, TEXT("x-method"), request->method, 0);
  sink->set_header(sink->ctx, TEXT("X-Authority"), request->authority, 0);
  sink->set_header(sink->ctx, TEXT("x-target"), request->path_and_query, 0);
  sink->set_header(sink->ctx, TEXT("x-state"), request->state, 0);
  snprintf(line, sizeof line, "%llu %llu", (unsigned long long)request->unix_ms,
           (unsigned long long)host->now_unix_ms());
  set(sink, "x-time", line);
  int at = snprintf(line, sizeof line, "%zu", request->n_headers);
  for (size_t i = 0; i < request->n_headers; i++)
    at += snprintf(line + at, sizeof line - at, " %.*s=%.*s", (int)request->headers[i].name.len,
                   (const char *)request->headers[i].name.ptr,
                   (int)request->headers[i].value.len,
                   (const char *)request->headers[i].value.ptr);
  set(sink, "x-headers", line);
  at = snprintf(line, sizeof line, "%zu:", request->n_body);
  for (size_t i = 0; i < request->n_body; i++)
    at += snprintf(line + at, sizeof line - at, "%.*s", (int)request->body[i].len,
                   (const char *)request->body[i].ptr);
  set(sink, "x-body", line);
  at = 0;
  line[0] = 0;
  if (request->body_sha256 != NULL)
    for (int i = 0; i < 32; i++)
      at += snprintf(line + at, sizeof line - at, "%02x", request->body_sha256[i]);
  set(sink, "x-hash", line);
}

static waybill_status refuse(const waybill_sign_sink *sink, uint32_t fail_class) {
  waybill_failure failure = {sizeof failure, fail_class, TEXT("no_key"), TEXT("the key is gone"), 0};
  sink->failed(sink->ctx, &failure);
  return WAYBILL_FAILED;
}

static waybill_status sign(const waybill_instance *instance, const waybill_sign_request *request,
                           const waybill_sign_sink *sink) {
  if (is(instance, "echo")) return echo(request, sink), WAYBILL_OK;
  if (is(instance, "twice")) return set(sink, "x-a", "1"), set(sink, "X-A", "2"), WAYBILL_OK;
  if (is(instance, "refuses")) return refuse(sink, WAYBILL_FAIL_CONFIG);
  if (is(instance, "blames_itself")) return refuse(sink, WAYBILL_FAIL_BUG);
  if (is(instance, "refuses_with_ok")) return refuse(sink, WAYBILL_FAIL_CONFIG), WAYBILL_OK;
  if (is(instance, "refuses_twice"))
    return refuse(sink, WAYBILL_FAIL_CONFIG), refuse(sink, WAYBILL_FAIL_CONFIG);
  if (is(instance, "fails_silently")) return WAYBILL_FAILED;
  if (is(instance, "panics")) return set(sink, "x-a", "1"), WAYBILL_PANIC;
  if (is(instance, "panics_with_text"))
    return refuse(sink, WAYBILL_FAIL_BUG), WAYBILL_PANIC;
  if (is(instance, "unsupported")) return WAYBILL_UNSUPPORTED;
  if (is(instance, "unknown_status")) return 77;
  if (is(instance, "query"))
    return sink->set_query(sink->ctx, TEXT("a"), TEXT("b")), WAYBILL_OK;
  if (is(instance, "length")) set(sink, "Content-Length", "3");
  if (is(instance, "host")) set(sink, "host", "elsewhere.example");
  if (is(instance, "encoding")) set(sink, "transfer-encoding", "chunked");
  if (is(instance, "connection")) set(sink, "connection", "x-signature");
  if (is(instance, "keep_alive")) set(sink, "keep-alive", "timeout=5");
  if (is(instance, "bad_name")) set(sink, "x a", "1");
  if (is(instance, "no_name")) set(sink, "", "1");
  if (is(instance, "bad_value")) set(sink, "x-a", "1\r\ncontent-length: 0");
  if (is(instance, "null_value"))
    sink->set_header(sink->ctx, TEXT("x-a"), (waybill_bytes){NULL, 5}, 0);
  if (is(instance, "absurd"))
    sink->set_header(sink->ctx, TEXT("x-a"), (waybill_bytes){(const uint8_t *)"a", SIZE_MAX}, 0);
  if (is(instance, "null_failure")) return sink->failed(sink->ctx, NULL), WAYBILL_FAILED;
  if (is(instance, "null_context"))
    sink->set_header(NULL, TEXT("x-a"), TEXT("1"), 0);
  if (is(instance, "large")) {
    static char large[6000];
    memset(large, 'a', sizeof large - 1);
    for (int i = 0; i < 3; i++) set(sink, "x-a", large);
  }
  if (is(instance, "many"))
    for (int i = 0; i < 17; i++) set(sink, "x-a", "1");
  if (is(instance, "hangs"))
    for (volatile int i = 0;; i++) {}
  if (is(instance, "aborts")) abort();
  if (is(instance, "overwrites") && shared != NULL) memset(shared, 0xff, 1 << 19);
  if (is(instance, "scribbles") && shared != NULL) scribble();
  if (is(instance, "chatty"))
    for (int i = 0; i < 100; i++) {
      static char message[1500];
      memset(message, 'm', sizeof message - 1);
      host->log(3, text(message));
    }
  if (is(instance, "fatal")) host->log(0, TEXT("cannot go on"));
  return WAYBILL_OK;
}

const waybill_plugin *waybill_entry_v1(const waybill_host *given) {
  host = given;
  return &table;
}
