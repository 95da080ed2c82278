/* A complete plugin in C: a carrier whose API takes HTTP Basic with an API key and a secret. It needs no
 * request, so every operation ends where it begins. Its configuration is {"basic":"<base64 of key:secret>"}. */
#include "waybill_plugin.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}

#define MANIFEST                                                                            \
  "{\"abi\":\"1.0\",\"requires\":0,\"name\":\"acme\",\"version\":\"0.1.0\",\"sdk\":\"c\","  \
  "\"carrier\":{\"id\":\"acme\",\"display_name\":\"Acme\"},\"capabilities\":[\"token\"],"   \
  "\"hosts\":[\"api.acme.example\"],"                                                       \
  "\"environments\":{\"production\":{\"origin\":\"https://api.acme.example\"}},"            \
  "\"rejected_statuses\":[401]}"

WAYBILL_MANIFEST(MANIFEST);

struct waybill_instance {
  size_t len;
  uint8_t value[512];
};

static waybill_status failed(const waybill_sink *sink, uint32_t fail_class, const char *code,
                             const char *message) {
  waybill_failure failure;
  memset(&failure, 0, sizeof failure);
  failure.struct_size = sizeof failure;
  failure.fail_class = fail_class;
  failure.code.ptr = (const uint8_t *)code;
  failure.code.len = strlen(code);
  failure.message.ptr = (const uint8_t *)message;
  failure.message.len = strlen(message);
  if (sink->failed) sink->failed(sink->ctx, &failure);
  return WAYBILL_FAILED;
}

/* The characters between the quotes after "basic": enough for this one key. */
static waybill_status instance_new(waybill_bytes json, const waybill_sink *err,
                                   waybill_instance **out) {
  static const char key[] = "\"basic\":\"";
  const size_t n = sizeof key - 1;
  waybill_instance *self;
  size_t at, end;
  *out = NULL;
  for (at = 0; at + n <= json.len && memcmp(json.ptr + at, key, n) != 0; at++) {
  }
  if (at + n > json.len) return failed(err, WAYBILL_FAIL_CONFIG, "basic", "basic is missing");
  for (end = at += n; end < json.len && json.ptr[end] != '"'; end++) {
  }
  self = (waybill_instance *)calloc(1, sizeof *self);
  if (self == NULL) return failed(err, WAYBILL_FAIL_TRANSIENT, "memory", "out of memory");
  if (end == at || end == json.len || end - at > sizeof self->value - 6) {
    free(self);
    return failed(err, WAYBILL_FAIL_CONFIG, "basic", "basic is empty, open or too long");
  }
  memcpy(self->value, "Basic ", 6);
  memcpy(self->value + 6, json.ptr + at, end - at);
  self->len = 6 + (end - at);
  *out = self;
  return WAYBILL_OK;
}

static void instance_free(waybill_instance *self) { free(self); }

static waybill_status op_begin(waybill_instance *self, const waybill_begin *begin,
                               const waybill_sink *sink, waybill_op **out) {
  static const waybill_bytes name = TEXT("authorization");
  waybill_header field;
  waybill_credential credential;
  (void)begin;
  memset(&field, 0, sizeof field);
  memset(&credential, 0, sizeof credential);
  field.name = name;
  field.value.ptr = self->value;
  field.value.len = self->len;
  field.flags = WAYBILL_HEADER_SENSITIVE;
  credential.struct_size = sizeof credential;
  credential.headers = &field;
  credential.n_headers = 1;
  credential.ttl_ms = UINT64_MAX;
  /* No operation needs a memory of its own: the instance is the handle, and op_free leaves it alone. */
  *out = (waybill_op *)self;
  if (sink->done) sink->done(sink->ctx, &credential);
  return WAYBILL_OK;
}

static waybill_status op_resume(waybill_op *op, const waybill_event *event, const waybill_sink *sink) {
  (void)op;
  (void)event;
  (void)sink;
  return WAYBILL_UNSUPPORTED;
}

static void op_free(waybill_op *op) { (void)op; }

static const waybill_plugin PLUGIN = {
    sizeof(waybill_plugin), WAYBILL_MAGIC, WAYBILL_ABI_MAJOR, WAYBILL_ABI_MINOR, 0, 0,
    WAYBILL_CAP_TOKEN, TEXT(MANIFEST), instance_new, instance_free, op_begin, op_resume, op_free,
    NULL, NULL};

const waybill_plugin *waybill_entry_v1(const waybill_host *host) {
  return host != NULL && host->abi_major == WAYBILL_ABI_MAJOR ? &PLUGIN : NULL;
}
