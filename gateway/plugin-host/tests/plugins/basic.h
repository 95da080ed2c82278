/* What the test plugins share: a plugin that needs no network. Its credential is HTTP Basic
 * authentication (RFC 7617), as one carrier wants it. A test defines macros before it includes this. */
#include <stdint.h>
#include <string.h>
#include "waybill_plugin.h"

#ifndef PLUGIN_NAME
#define PLUGIN_NAME "basic"
#endif
#ifndef PLUGIN_CARRIER
#define PLUGIN_CARRIER PLUGIN_NAME
#endif
#ifndef PLUGIN_ABI
#define PLUGIN_ABI "1.0"
#endif
#ifndef PLUGIN_REQUIRES
#define PLUGIN_REQUIRES "0"
#endif
#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION "0.1.0"
#endif
#ifndef PLUGIN_HOSTS
#define PLUGIN_HOSTS "\"api.example.com\""
#endif
#ifndef PLUGIN_MORE
#define PLUGIN_MORE
#endif
#ifndef TABLE_MAGIC
#define TABLE_MAGIC WAYBILL_MAGIC
#endif
#ifndef TABLE_MAJOR
#define TABLE_MAJOR WAYBILL_ABI_MAJOR
#endif
#ifndef TABLE_REQUIRES
#define TABLE_REQUIRES 0
#endif
#ifndef TABLE_SIZE
#define TABLE_SIZE sizeof(waybill_plugin)
#endif
#ifndef TABLE_CAPABILITIES
#define TABLE_CAPABILITIES WAYBILL_CAP_TOKEN
#endif

#define MANIFEST                                                                       \
  "{\"abi\":\"" PLUGIN_ABI "\",\"requires\":" PLUGIN_REQUIRES ",\"name\":\"" PLUGIN_NAME \
  "\",\"version\":\"" PLUGIN_VERSION "\",\"carrier\":{\"id\":\"" PLUGIN_CARRIER         \
  "\",\"display_name\":\"Basic\"},\"capabilities\":[\"token\"],"                       \
  "\"hosts\":[" PLUGIN_HOSTS "],\"environments\":{\"production\":"                        \
  "{\"origin\":\"https://api.example.com\"}},\"rejected_statuses\":[401]" PLUGIN_MORE "}"

#ifndef NO_MANIFEST
WAYBILL_MANIFEST(MANIFEST);
#endif
#ifndef TABLE_MANIFEST
#define TABLE_MANIFEST MANIFEST
#endif

#define TEXT(literal) ((waybill_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

static waybill_status fail(const waybill_sink *sink, uint32_t fail_class, waybill_bytes code) {
  waybill_failure failure = {sizeof failure, fail_class, code, TEXT("the test asked for it"), 0};
  sink->failed(sink->ctx, &failure);
  return WAYBILL_FAILED;
}

static waybill_status succeed(const waybill_sink *sink) {
  waybill_header header = {TEXT("authorization"), TEXT("Basic Y2xpZW50OnNlY3JldA=="),
                           WAYBILL_HEADER_SENSITIVE};
  waybill_credential credential = {sizeof credential, 0, &header, 1, UINT64_MAX, 0,
                                   {NULL, 0},         NULL, 0};
  sink->done(sink->ctx, &credential);
  return WAYBILL_OK;
}

static waybill_status instance_new(waybill_bytes config, const waybill_sink *err,
                                   waybill_instance **out);
static void instance_free(waybill_instance *instance);
static waybill_status op_begin(waybill_instance *instance, const waybill_begin *begin,
                               const waybill_sink *sink, waybill_op **out);
static waybill_status op_resume(waybill_op *op, const waybill_event *event,
                                const waybill_sink *sink);
static void op_free(waybill_op *op);
#ifdef TABLE_SIGN
static waybill_status TABLE_SIGN(const waybill_instance *instance,
                                 const waybill_sign_request *request,
                                 const waybill_sign_sink *sink);
#endif
#ifdef TABLE_AUTHORIZE_URL
static waybill_status TABLE_AUTHORIZE_URL(waybill_instance *instance, const waybill_begin *begin,
                                          void *ctx, void (*url)(void *ctx, waybill_bytes url),
                                          const waybill_sink *err);
#endif

#ifndef OWN_FUNCTIONS
static waybill_status instance_new(waybill_bytes config, const waybill_sink *err,
                                   waybill_instance **out) {
  if (config.len < 2 || config.ptr[0] != '{')
    return fail(err, WAYBILL_FAIL_CONFIG, TEXT("not_an_object"));
  *out = (waybill_instance *)1;
  return WAYBILL_OK;
}
static void instance_free(waybill_instance *instance) { (void)instance; }
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
#endif

static const waybill_plugin table = {.struct_size = TABLE_SIZE,
                                     .magic = TABLE_MAGIC,
                                     .abi_major = TABLE_MAJOR,
                                     .abi_minor = 0,
                                     .requires_minor = TABLE_REQUIRES,
                                     .capabilities = TABLE_CAPABILITIES,
                                     .manifest = {(const uint8_t *)TABLE_MANIFEST,
                                                  sizeof(TABLE_MANIFEST) - 1},
                                     .instance_new = instance_new,
#ifndef NO_INSTANCE_FREE
                                     .instance_free = instance_free,
#endif
                                     .op_begin = op_begin,
                                     .op_resume = op_resume,
#ifdef TABLE_SIGN
                                     .sign = TABLE_SIGN,
#endif
#ifdef TABLE_AUTHORIZE_URL
                                     .authorize_url = TABLE_AUTHORIZE_URL,
#endif
                                     .op_free = op_free};

#ifndef OWN_ENTRY
const waybill_plugin *waybill_entry_v1(const waybill_host *host) {
#ifdef DECLINE
  (void)host;
  return NULL;
#else
  return host->abi_major == WAYBILL_ABI_MAJOR ? &table : NULL;
#endif
}
#endif
