/* A plugin whose configuration says how it behaves: {"mode":"..."}. Modes that end in a credential
 * are right, all others break the contract in one way each. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#ifndef PLUGIN_NAME
#define PLUGIN_NAME "modes"
#endif
#ifndef PLUGIN_MORE
#define PLUGIN_MORE ",\"slots\":[{\"name\":\"access\"},{\"name\":\"payment\"}]"
#endif
#define OWN_FUNCTIONS
#define OWN_ENTRY
#include "basic.h"

struct waybill_instance {
  char mode[40];
  int live_ops;
};
struct waybill_op {
  waybill_instance *instance;
  uint64_t next_id;
};

static const waybill_host *host;

static void say(uint32_t level, const char *text) {
  host->log(level, (waybill_bytes){(const uint8_t *)text, strlen(text)});
}

static int is(const waybill_instance *instance, const char *mode) {
  return strcmp(instance->mode, mode) == 0;
}

static waybill_status instance_new(waybill_bytes config, const waybill_sink *err,
                                   waybill_instance **out) {
  const char *key = "\"mode\":\"";
  char text[256] = {0};
  if (config.len >= sizeof text) return fail(err, WAYBILL_FAIL_CONFIG, TEXT("too_long"));
  memcpy(text, config.ptr, config.len);
  const char *mode = strstr(text, key);
  if (mode == NULL) return fail(err, WAYBILL_FAIL_CONFIG, TEXT("no_mode"));
  mode += strlen(key);
  size_t len = strcspn(mode, "\"");
  waybill_instance *instance = calloc(1, sizeof *instance);
  if (len >= sizeof instance->mode) len = sizeof instance->mode - 1;
  memcpy(instance->mode, mode, len);
  if (is(instance, "new_without_reason")) return free(instance), WAYBILL_FAILED;
  if (is(instance, "new_without_handle")) return free(instance), WAYBILL_OK;
  if (is(instance, "new_panics")) return free(instance), WAYBILL_PANIC;
  if (is(instance, "new_succeeds_twice")) succeed(err);
  if (is(instance, "new_hangs"))
    for (;;) pause();
  *out = instance;
  return WAYBILL_OK;
}

static void instance_free(waybill_instance *instance) {
  say(3, instance->live_ops == 0 ? "instance freed last" : "instance freed before its operations");
  free(instance);
}

static void ask_for(const waybill_sink *sink, uint64_t id, waybill_bytes url) {
  static const char body[] = "grant_type=client_credentials";
  waybill_header header = {TEXT("authorization"), TEXT("Basic Y2xpZW50OnNlY3JldA=="),
                           WAYBILL_HEADER_SENSITIVE};
  waybill_http_request request = {.struct_size = sizeof request,
                                  .req_id = id,
                                  .method = TEXT("POST"),
                                  .url = url,
                                  .headers = &header,
                                  .n_headers = 1,
                                  .body = TEXT(body)};
  sink->http(sink->ctx, &request);
}

static void ask(const waybill_sink *sink, uint64_t id) {
  ask_for(sink, id, TEXT("https://api.example.com/token?a=1"));
}

static void issue(const waybill_sink *sink, waybill_bytes name, waybill_bytes value) {
  waybill_header header = {name, value, 0};
  waybill_credential credential = {sizeof credential, 0, &header, 1, 60000, 0,
                                   {NULL, 0},         NULL, 0};
  sink->done(sink->ctx, &credential);
}

/* Breaks the rules about pointers, sizes and counts. */
static int bad_memory(const waybill_instance *instance, const waybill_sink *sink) {
  waybill_header header = {TEXT("authorization"), TEXT("x"), 0};
  waybill_credential credential = {sizeof credential, 0, &header, 1, 60000, 0,
                                   {NULL, 0},         NULL, 0};
  waybill_http_request request = {.struct_size = sizeof request, .req_id = 1,
                                  .method = TEXT("GET"),
                                  .url = TEXT("https://api.example.com/")};
  if (is(instance, "null_credential")) return sink->done(sink->ctx, NULL), 1;
  if (is(instance, "null_request")) return sink->http(sink->ctx, NULL), 1;
  if (is(instance, "null_failure")) return sink->failed(sink->ctx, NULL), 1;
  if (is(instance, "null_context")) return sink->done(NULL, &credential), 1;
  if (is(instance, "odd_pointer"))
    return sink->done(sink->ctx, (const waybill_credential *)((const char *)&credential + 1)), 1;
  if (is(instance, "huge_count")) credential.n_headers = SIZE_MAX / 2;
  if (is(instance, "null_headers")) credential.headers = NULL;
  if (is(instance, "null_value")) header.value.ptr = NULL;
  if (is(instance, "huge_value")) header.value.len = SIZE_MAX;
  if (is(instance, "short_struct")) credential.struct_size = 8;
  if (is(instance, "zero_struct")) credential.struct_size = 0;
  if (is(instance, "query")) credential.flags = WAYBILL_CREDENTIAL_APPLY_QUERY;
  if (is(instance, "no_fields")) credential.n_headers = 0;
  if (credential.n_headers != 1 || credential.headers == NULL || header.value.ptr == NULL ||
      header.value.len != 1 || credential.struct_size != sizeof credential || credential.flags)
    return sink->done(sink->ctx, &credential), 1;
  if (is(instance, "huge_body")) request.body = (waybill_bytes){(const uint8_t *)"x", SIZE_MAX};
  if (is(instance, "null_body")) request.body = (waybill_bytes){NULL, 10};
  if (request.body.len) return sink->http(sink->ctx, &request), 1;
  return 0;
}

/* Says things that HTTP does not allow, or that are not the plugin's to say. */
static int bad_text(const waybill_instance *instance, const waybill_sink *sink) {
  waybill_header header = {TEXT("x-test"), TEXT("1\r\nx-smuggled: 1"), 0};
  waybill_http_request request = {.struct_size = sizeof request, .req_id = 1,
                                  .method = TEXT("GET"),
                                  .url = TEXT("https://api.example.com/"),
                                  .headers = &header, .n_headers = 1};
  if (is(instance, "crlf_value")) return issue(sink, TEXT("authorization"), TEXT("a\r\nb: c")), 1;
  if (is(instance, "nul_value")) return issue(sink, TEXT("authorization"), TEXT("a\0b")), 1;
  if (is(instance, "bad_name")) return issue(sink, TEXT("no spaces"), TEXT("x")), 1;
  if (is(instance, "reserved_name")) return issue(sink, TEXT("Transfer-Encoding"), TEXT("x")), 1;
  if (is(instance, "crlf_request")) return sink->http(sink->ctx, &request), 1;
  header = (waybill_header){TEXT("Host"), TEXT("elsewhere.example.com"), 0};
  if (is(instance, "host_request")) return sink->http(sink->ctx, &request), 1;
  return 0;
}

/* Issues a credential with a further slot, or tries to. */
static int slots(const waybill_instance *instance, const waybill_sink *sink) {
  const uint64_t payment = (uint64_t)1 << WAYBILL_HEADER_SLOT_SHIFT;
  waybill_header headers[] = {
      {TEXT("authorization"), TEXT("Bearer access"), WAYBILL_HEADER_SENSITIVE},
      {TEXT("x-payment"), TEXT("paid"), WAYBILL_HEADER_SENSITIVE | payment}};
  waybill_failure failure = {sizeof failure, WAYBILL_FAIL_CONFIG, TEXT("roles"),
                             TEXT("add the payment roles"), 0, 0, 0};
  waybill_slot said[] = {{1, 0, 50000, NULL}, {1, 0, 0, NULL}};
  waybill_credential credential = {.struct_size = sizeof credential,
                                   .headers = headers,
                                   .n_headers = 2,
                                   .ttl_ms = 60000,
                                   .slots = said,
                                   .n_slots = 1};
  if (strncmp(instance->mode, "slot_", 5) != 0) return 0;
  if (is(instance, "slot_unsaid")) credential.n_slots = 0;
  if (is(instance, "slot_failed")) said[0].failure = &failure, credential.n_headers = 1;
  if (is(instance, "slot_of_minor_0"))
    credential.struct_size = offsetof(waybill_credential, slots), headers[0].flags = UINT64_MAX;
  if (is(instance, "slot_unknown"))
    headers[1].flags = WAYBILL_HEADER_SLOT_MASK, credential.n_slots = 0;
  if (is(instance, "slot_first")) said[0].slot = 0;
  if (is(instance, "slot_twice")) credential.n_slots = 2;
  if (is(instance, "slot_both")) said[0].failure = &failure;
  if (is(instance, "slot_neither")) credential.n_headers = 1;
  if (is(instance, "slot_null")) credential.slots = NULL;
  if (is(instance, "slot_many")) credential.n_slots = SIZE_MAX / 2;
  return sink->done(sink->ctx, &credential), 1;
}

/* Asks for requests that are not to be made; the host tells it so. */
static int denied(const waybill_instance *instance, const waybill_sink *sink) {
  static const struct {
    const char *mode, *url;
  } urls[] = {{"url_foreign", "https://elsewhere.example.com/"},
              {"url_plaintext", "http://api.example.com/"},
              {"url_port", "https://api.example.com:8443/"},
              {"url_relative", "/token"},
              {"url_userinfo", "https://api.example.com@elsewhere.example.com/"},
              {"url_backslash", "https://elsewhere.example.com\\@api.example.com/"},
              {"url_crlf", "https://api.example.com/\r\nHost: x"},
              {"url_scheme", "file:///etc/passwd"},
              {"url_empty", ""}};
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
    if (is(instance, urls[i].mode)) {
      waybill_bytes url = {(const uint8_t *)urls[i].url, strlen(urls[i].url)};
      return ask_for(sink, 1, url), 1;
    }
  waybill_http_request request = {.struct_size = sizeof request, .req_id = 1,
                                  .method = TEXT("GET / HTTP/1.1\r\n"),
                                  .url = TEXT("https://api.example.com/")};
  if (is(instance, "method_smuggled")) return sink->http(sink->ctx, &request), 1;
  request.method = TEXT("CONNECT");
  if (is(instance, "method_connect")) return sink->http(sink->ctx, &request), 1;
  return 0;
}

static waybill_status begin_badly(waybill_op *op, const waybill_sink *sink) {
  const waybill_instance *instance = op->instance;
  if (is(instance, "panics")) return fail(sink, WAYBILL_FAIL_BUG, TEXT("panic")), WAYBILL_PANIC;
  if (is(instance, "unknown_status")) return 77;
  if (is(instance, "unsupported")) return WAYBILL_UNSUPPORTED;
  if (is(instance, "fails_silently")) return WAYBILL_FAILED;
  if (is(instance, "two_ends")) return succeed(sink), succeed(sink);
  if (is(instance, "end_and_request")) return ask(sink, 1), succeed(sink);
  if (is(instance, "failed_but_done")) return succeed(sink), WAYBILL_FAILED;
  if (is(instance, "reuses_id")) return ask(sink, 1), ask(sink, 1), WAYBILL_OK;
  if (is(instance, "too_many_requests"))
    for (uint64_t id = 1; id <= 9; id++) ask(sink, id);
  if (is(instance, "floods"))
    for (uint64_t id = 1; id <= 100000; id++) sink->timer(sink->ctx, id, 0);
  if (is(instance, "unknown_class")) return fail(sink, 99, TEXT("weird code!\n"));
  if (is(instance, "hangs"))
    for (;;) pause();
  if (is(instance, "slow")) usleep(250 * 1000);
  if (is(instance, "fatal")) {
    say(0, "a destructor panicked during a panic");
    for (;;) pause();
  }
  if (is(instance, "chatty"))
    for (int i = 0; i < 1000; i++) say(3, "chatter");
  if (is(instance, "chatty") || is(instance, "slow")) return succeed(sink);
  return WAYBILL_OK; /* mode "stalls", and those that asked for something above */
}

static waybill_status op_begin(waybill_instance *instance, const waybill_begin *begin,
                               const waybill_sink *sink, waybill_op **out) {
  waybill_op *op = calloc(1, sizeof *op);
  op->instance = instance;
  op->next_id = 1;
  *out = op;
  __sync_fetch_and_add(&instance->live_ops, 1);
  if (is(instance, "no_handle")) return *out = NULL, ask(sink, 1), op_free(op), WAYBILL_OK;
  if (is(instance, "echo_state")) {
    waybill_header header = {TEXT("x-state"), begin->state, 0};
    waybill_credential credential = {sizeof credential, 0, &header, 1, 1000, 500,
                                     begin->state,      NULL, 0};
    return sink->done(sink->ctx, &credential), WAYBILL_OK;
  }
  if (is(instance, "longer_struct")) {
    struct {
      waybill_credential known;
      uint64_t later;
    } credential;
    waybill_header header = {TEXT("authorization"), TEXT("Bearer later"), 0};
    memset(&credential, 0, sizeof credential);
    credential.known = (waybill_credential){sizeof credential, 0, &header, 1, 60000, 0,
                                            {NULL, 0},         NULL, 0};
    credential.later = 7;
    return sink->done(sink->ctx, &credential.known), WAYBILL_OK;
  }
  if (is(instance, "time_and_random")) {
    uint8_t random[8];
    char text[64];
    host->random(random, sizeof random);
    int len = snprintf(text, sizeof text, "%llu-%02x%02x", (unsigned long long)host->now_unix_ms(),
                       random[0], random[7]);
    issue(sink, TEXT("x-when"), (waybill_bytes){(const uint8_t *)text, (size_t)len});
    return WAYBILL_OK;
  }
  if (is(instance, "http") || is(instance, "endless") || is(instance, "stalls_later") ||
      is(instance, "hangs_later"))
    return ask(sink, op->next_id++), WAYBILL_OK;
  if (is(instance, "timer")) return sink->timer(sink->ctx, op->next_id++, 1), WAYBILL_OK;
  if (is(instance, "race")) {
    ask(sink, 1);
    sink->timer(sink->ctx, 2, 1);
    return WAYBILL_OK;
  }
  if (is(instance, "three")) return ask(sink, 1), ask(sink, 2), ask(sink, 3), WAYBILL_OK;
  if (slots(instance, sink) || bad_memory(instance, sink) || bad_text(instance, sink) || denied(instance, sink))
    return WAYBILL_OK;
  return begin_badly(op, sink);
}

static waybill_status op_resume(waybill_op *op, const waybill_event *event,
                                const waybill_sink *sink) {
  waybill_instance *instance = op->instance;
  if (is(instance, "endless")) return ask(sink, op->next_id++), WAYBILL_OK;
  if (is(instance, "stalls_later")) return WAYBILL_OK;
  if (is(instance, "hangs_later"))
    for (;;) pause();
  if (is(instance, "race")) {
    sink->cancel(sink->ctx, 1);
    sink->cancel(sink->ctx, 99);
    return succeed(sink);
  }
  if (is(instance, "three") && op->next_id++ < 3) return WAYBILL_OK;
  if (event->kind == WAYBILL_EVENT_HTTP_ERROR) {
    if (event->status == WAYBILL_NET_DENIED) return fail(sink, WAYBILL_FAIL_CONFIG, TEXT("denied"));
    return fail(sink, WAYBILL_FAIL_TRANSIENT, TEXT("network"));
  }
  if (event->kind == WAYBILL_EVENT_HTTP_RESPONSE && event->status != 200)
    return fail(sink, WAYBILL_FAIL_REJECTED, TEXT("10401"));
  return succeed(sink);
}

static void op_free(waybill_op *op) {
  __sync_fetch_and_sub(&op->instance->live_ops, 1);
  say(4, "operation freed");
  free(op);
}

const waybill_plugin *waybill_entry_v1(const waybill_host *table_of_host) {
  host = table_of_host;
  return &table;
}
