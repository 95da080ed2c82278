/* A plugin whose configuration is what it does with logins: {"mode":"..."}. Everything that an
 * authorization or a consent begins with comes back as header fields, so that a test can look. */
#include <stdio.h>
#include <stdlib.h>
#define PLUGIN_NAME "consent"
#define OWN_FUNCTIONS
#ifndef TABLE_CAPABILITIES
#define TABLE_CAPABILITIES (WAYBILL_CAP_TOKEN | WAYBILL_CAP_AUTH_CODE)
#endif
#ifndef NO_AUTHORIZE_URL
#define TABLE_AUTHORIZE_URL authorize_url
#endif
#include "basic.h"

struct waybill_instance {
  char mode[40];
};

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

static void instance_free(waybill_instance *instance) { free(instance); }

static waybill_status op_begin(waybill_instance *instance, const waybill_begin *begin,
                               const waybill_sink *sink, waybill_op **out) {
  waybill_header headers[8] = {{TEXT("x-token"), TEXT("1"), 0}};
  size_t n = 1;
  for (size_t i = 0; i < begin->n_params && n < 8; i++) headers[n++] = begin->params[i];
  waybill_credential credential = {.struct_size = sizeof credential, .headers = headers,
                                   .n_headers = n, .ttl_ms = 60000, .state = TEXT("next")};
  waybill_failure failure = {.struct_size = sizeof failure, .fail_class = WAYBILL_FAIL_PROTOCOL,
                             .code = TEXT("c"), .message = TEXT("m")};
  *out = (waybill_op *)1;
  if (begin->reason == WAYBILL_REASON_REVOKE) credential.n_headers = 0;
  if (is(instance, "replaced")) credential.grant = WAYBILL_GRANT_REPLACED, credential.grant_ttl_ms = 9000;
  if (is(instance, "replaced_unsaid")) credential.grant = WAYBILL_GRANT_REPLACED;
  if (is(instance, "replaced_endless"))
    credential.grant = WAYBILL_GRANT_REPLACED, credential.grant_ttl_ms = UINT64_MAX;
  if (is(instance, "kept")) credential.grant = WAYBILL_GRANT_KEPT;
  if (is(instance, "gone")) credential.grant = WAYBILL_GRANT_GONE;
  if (is(instance, "grant_of_later")) credential.grant = 77;
  if (is(instance, "older_struct")) {
    credential.grant = WAYBILL_GRANT_GONE;
    credential.facts = TEXT("{");
    credential.struct_size = offsetof(waybill_credential, grant);
  }
  if (is(instance, "facts"))
    credential.facts = TEXT("{\"scope\":\"a b\",\"refresh_count\":3,\"later\":[1]}");
  if (is(instance, "facts_broken")) credential.facts = TEXT("{\"scope\":");
  if (is(instance, "facts_list")) credential.facts = TEXT("[]");
  if (is(instance, "facts_number")) credential.facts = TEXT("{\"scope\":7}");
  if (is(instance, "facts_negative")) credential.facts = TEXT("{\"refresh_count\":-1}");
  if (is(instance, "facts_control")) credential.facts = TEXT("{\"scope\":\"a\\nb\"}");
  if (is(instance, "facts_null")) credential.facts = (waybill_bytes){NULL, 5};
  if (is(instance, "facts_long")) credential.facts.len = 1 << 20, credential.facts.ptr = credential.state.ptr;
  if (is(instance, "unharmed")) failure.grant = WAYBILL_FATE_UNHARMED;
  if (is(instance, "refused")) failure.grant = WAYBILL_FATE_REFUSED;
  if (is(instance, "fate_of_later")) failure.grant = 77;
  if (failure.grant) return sink->failed(sink->ctx, &failure), WAYBILL_FAILED;
  return sink->done(sink->ctx, &credential), WAYBILL_OK;
}

static waybill_status op_resume(waybill_op *op, const waybill_event *event,
                                const waybill_sink *sink) {
  (void)op, (void)event, (void)sink;
  return WAYBILL_UNSUPPORTED;
}

static void op_free(waybill_op *op) { (void)op; }

static waybill_bytes param(const waybill_begin *begin, const char *name) {
  for (size_t i = 0; i < begin->n_params; i++)
    if (begin->params[i].name.len == strlen(name) &&
        memcmp(begin->params[i].name.ptr, name, strlen(name)) == 0)
      return begin->params[i].value;
  return (waybill_bytes){NULL, 0};
}

static waybill_status authorize_url(waybill_instance *instance, const waybill_begin *begin,
                                    void *ctx, void (*url)(void *ctx, waybill_bytes url),
                                    const waybill_sink *err) {
  char text[512];
  waybill_bytes state = param(begin, "state"), challenge = param(begin, "pkce_challenge");
  if (is(instance, "refuses")) return fail(err, WAYBILL_FAIL_CONFIG, TEXT("no"));
  if (is(instance, "panics")) return WAYBILL_PANIC;
  if (is(instance, "silent")) return WAYBILL_OK;
  if (is(instance, "fails_silently")) return WAYBILL_FAILED;
  if (is(instance, "unsupported")) return WAYBILL_UNSUPPORTED;
  if (is(instance, "unknown_status")) return 77;
  if (is(instance, "issues")) return succeed(err);
  if (is(instance, "null_url")) return url(ctx, (waybill_bytes){NULL, 9}), WAYBILL_OK;
  if (is(instance, "null_context")) return url(NULL, TEXT("https://api.example.com/")), WAYBILL_OK;
  if (is(instance, "long")) return url(ctx, (waybill_bytes){state.ptr, 5000}), WAYBILL_OK;
  int len = snprintf(text, sizeof text,
                     "%s?client_id=1&redirect_uri=https%%3A%%2F%%2Fgw.example%%2Fcb&state=%.*s"
                     "&code_challenge=%.*s%s",
                     is(instance, "elsewhere") ? "https://evil.example.com/" :
                     is(instance, "port") ? "https://api.example.com:8443/" :
                     is(instance, "plaintext") ? "http://api.example.com/" :
                     is(instance, "script") ? "javascript:alert(1)//api.example.com/" :
                     is(instance, "user") ? "https://api.example.com@evil.example.com/" :
                     is(instance, "backslash") ? "https://evil.example.com\\@api.example.com/" :
                     is(instance, "relative") ? "/authorize" : "https://api.example.com/authorize",
                     (int)state.len, (const char *)state.ptr, (int)challenge.len,
                     (const char *)challenge.ptr,
                     is(instance, "fragment") ? "#x" :
                     is(instance, "second_state") ? "&state=x" :
                     is(instance, "line_break") ? "\r\nx: y" : "");
  waybill_bytes made = {(const uint8_t *)text, (size_t)len};
  if (is(instance, "no_state")) memcpy(strstr(text, "&state="), "&stat_=", 7);
  url(ctx, made);
  if (is(instance, "twice")) url(ctx, made);
  if (is(instance, "fails_too")) return fail(err, WAYBILL_FAIL_CONFIG, TEXT("no"));
  return WAYBILL_OK;
}
