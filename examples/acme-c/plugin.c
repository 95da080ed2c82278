/* The plugin of the carrier Acme: a bearer token by client credentials (RFC 6749, section 4.4).
 *
 * An operation makes one request. op_begin asks for it, and op_resume gets the answer and ends. */
#include "json.h"
#include "waybill_plugin.h"

#include <stdlib.h>
#include <string.h>

/* What the gateway reads before any code of this file runs. docs/plugins.md lists the keys. */
#define MANIFEST                                                                             \
  "{\"abi\":\"1.0\",\"requires\":0,\"name\":\"acme\",\"version\":\"0.1.0\",\"sdk\":\"c\","   \
  "\"carrier\":{\"id\":\"acme\",\"display_name\":\"Acme\"},"                                 \
  "\"capabilities\":[\"token\"],"                                                            \
  "\"hosts\":[\"api.acme.example\",\"sandbox.acme.example\"],"                               \
  "\"environments\":{\"production\":{\"origin\":\"https://api.acme.example\"},"              \
  "\"test\":{\"origin\":\"https://sandbox.acme.example\"}},"                                 \
  "\"rejected_statuses\":[401],"                                                             \
  "\"authorization_server\":{\"paths\":[\"/oauth\"]},"                                       \
  "\"operations\":[{\"name\":\"rates\",\"methods\":[\"POST\"],\"path\":\"/rates\","          \
  "\"safe\":true}],"                                                                         \
  "\"config_schema\":{\"type\":\"object\",\"required\":[\"client_id\",\"client_secret\"],"   \
  "\"properties\":{\"client_id\":{\"type\":\"string\"},"                                     \
  "\"client_secret\":{\"type\":\"string\",\"writeOnly\":true}}}}"

WAYBILL_MANIFEST(MANIFEST);

#define PRODUCTION "https://api.acme.example"
#define TOKEN_PATH "/oauth/token"
#define BODY "grant_type=client_credentials"

#define TEXT(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}

#define MAX_ORIGIN 200
#define MAX_CREDENTIAL 256
#define MAX_TOKEN 8192
/* Ten years: no lifetime that a carrier means is longer. */
#define MAX_SECONDS (UINT64_C(10) * 365 * 86400)

/* One account. It is shared by threads, so nothing changes it after instance_new. */
struct waybill_instance {
  size_t url_len;
  uint8_t url[MAX_ORIGIN + sizeof(TOKEN_PATH)];
  size_t basic_len;
  uint8_t basic[6 + (2 * MAX_CREDENTIAL + 1 + 2) / 3 * 4];
};

/* One operation. It has nothing to remember but that it waits. */
struct waybill_op {
  int waits;
};

/* The number of the only request. */
#define REQUEST 1

static waybill_bytes text(const char *text) {
  waybill_bytes bytes;
  bytes.ptr = (const uint8_t *)text;
  bytes.len = strlen(text);
  return bytes;
}

/* The message says what is wrong and what to do. It never quotes a secret or an answer. */
static waybill_status fail(const waybill_sink *sink, uint32_t fail_class, const char *code,
                           const char *message, uint64_t retry_after_ms) {
  waybill_failure failure;
  memset(&failure, 0, sizeof failure);
  failure.struct_size = sizeof failure;
  failure.fail_class = fail_class;
  failure.code = text(code);
  failure.message = text(message);
  failure.retry_after_ms = retry_after_ms;
  sink->failed(sink->ctx, &failure);
  return WAYBILL_FAILED;
}

/* Secrets do not stay in memory that is given back. The compiler must not leave this out. */
static void wipe(void *memory, size_t len) {
  volatile uint8_t *at = (volatile uint8_t *)memory;
  while (len-- > 0) *at++ = 0;
}

/* ------------------------------------------------------------------------ configuration */

static size_t base64(const uint8_t *from, size_t len, uint8_t *to) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t i, n = 0;
  for (i = 0; i < len; i += 3) {
    uint32_t bits = (uint32_t)from[i] << 16;
    if (i + 1 < len) bits |= (uint32_t)from[i + 1] << 8;
    if (i + 2 < len) bits |= from[i + 2];
    to[n++] = (uint8_t)digits[bits >> 18];
    to[n++] = (uint8_t)digits[bits >> 12 & 63];
    to[n++] = i + 1 < len ? (uint8_t)digits[bits >> 6 & 63] : '=';
    to[n++] = i + 2 < len ? (uint8_t)digits[bits & 63] : '=';
  }
  return n;
}

/* Scheme, host and port, and nothing else: what follows is the path of the token endpoint. */
static int is_origin(const uint8_t *origin, size_t len) {
  size_t i = 0;
  if (len > 8 && memcmp(origin, "https://", 8) == 0) i = 8;
  else if (len > 7 && memcmp(origin, "http://", 7) == 0) i = 7;
  else return 0;
  for (; i < len; i++) {
    uint8_t c = origin[i];
    int is_name = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (!is_name && c != ':' && c != '[' && c != ']') return 0;
  }
  return 1;
}

static int set_url(waybill_instance *self, waybill_bytes origin) {
  size_t len = sizeof(PRODUCTION) - 1;
  if (origin.len == 0 || (origin.len == 4 && memcmp(origin.ptr, "null", 4) == 0)) {
    memcpy(self->url, PRODUCTION, len);
  } else if (!json_text(origin, self->url, MAX_ORIGIN, &len) || !is_origin(self->url, len)) {
    return 0;
  }
  memcpy(self->url + len, TOKEN_PATH, sizeof(TOKEN_PATH) - 1);
  self->url_len = len + sizeof(TOKEN_PATH) - 1;
  return 1;
}

/* Basic authentication (RFC 7617): a colon ends the id, so an id cannot hold one. */
static int set_basic(waybill_instance *self, waybill_bytes id, waybill_bytes secret) {
  uint8_t pair[2 * MAX_CREDENTIAL + 1];
  size_t id_len, secret_len;
  int fits = json_text(id, pair, MAX_CREDENTIAL, &id_len) && id_len > 0 &&
             memchr(pair, ':', id_len) == NULL;
  if (fits) {
    pair[id_len] = ':';
    fits = json_text(secret, pair + id_len + 1, MAX_CREDENTIAL, &secret_len) && secret_len > 0;
  }
  if (fits) {
    memcpy(self->basic, "Basic ", 6);
    self->basic_len = 6 + base64(pair, id_len + 1 + secret_len, self->basic + 6);
  }
  wipe(pair, sizeof pair);
  return fits;
}

static void instance_free(waybill_instance *self) {
  wipe(self, sizeof *self);
  free(self);
}

static waybill_status instance_new(waybill_bytes json, const waybill_sink *err,
                                   waybill_instance **out) {
  static const char *const names[] = {"origin", "client_id", "client_secret"};
  waybill_bytes values[3];
  waybill_instance *self;
  *out = NULL;
  if (!json_members(json, names, values, 3)) {
    return fail(err, WAYBILL_FAIL_CONFIG, "config", "the configuration is not a JSON object", 0);
  }
  self = (waybill_instance *)calloc(1, sizeof *self);
  if (self == NULL) return fail(err, WAYBILL_FAIL_TRANSIENT, "memory", "out of memory", 0);
  if (!set_url(self, values[0])) {
    instance_free(self);
    return fail(err, WAYBILL_FAIL_CONFIG, "origin",
                "origin: write the scheme, the host and the port only", 0);
  }
  if (!set_basic(self, values[1], values[2])) {
    instance_free(self);
    return fail(err, WAYBILL_FAIL_CONFIG, "client_id",
                "client_id and client_secret: give both, up to 256 bytes each, and no colon in the id",
                0);
  }
  *out = self;
  return WAYBILL_OK;
}

/* ------------------------------------------------------------------------ one authorization */

static waybill_status op_begin(waybill_instance *self, const waybill_begin *begin,
                               const waybill_sink *sink, waybill_op **out) {
  static const waybill_bytes method = TEXT("POST"), body = TEXT(BODY);
  static const waybill_bytes authorization = TEXT("authorization"), type = TEXT("content-type");
  static const waybill_bytes form = TEXT("application/x-www-form-urlencoded");
  waybill_header fields[2];
  waybill_http_request request;
  (void)begin; /* there is one way to get a token, whatever the reason */
  *out = (waybill_op *)calloc(1, sizeof **out);
  if (*out == NULL) return fail(sink, WAYBILL_FAIL_TRANSIENT, "memory", "out of memory", 0);
  (*out)->waits = 1;
  memset(fields, 0, sizeof fields);
  fields[0].name = authorization;
  fields[0].value.ptr = self->basic;
  fields[0].value.len = self->basic_len;
  fields[0].flags = WAYBILL_HEADER_SENSITIVE;
  fields[1].name = type;
  fields[1].value = form;
  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.flags = WAYBILL_REQUEST_RETRYABLE;
  request.req_id = REQUEST;
  request.method = method;
  request.url.ptr = self->url;
  request.url.len = self->url_len;
  request.headers = fields;
  request.n_headers = 2;
  request.body = body;
  sink->http(sink->ctx, &request);
  return WAYBILL_OK;
}

static waybill_status issue(const waybill_sink *sink, const uint8_t *value, size_t len,
                            uint64_t seconds) {
  static const waybill_bytes authorization = TEXT("authorization");
  waybill_header field;
  waybill_credential credential;
  memset(&field, 0, sizeof field);
  field.name = authorization;
  field.value.ptr = value;
  field.value.len = len;
  field.flags = WAYBILL_HEADER_SENSITIVE;
  memset(&credential, 0, sizeof credential);
  credential.struct_size = sizeof credential;
  credential.headers = &field;
  credential.n_headers = 1;
  credential.ttl_ms = seconds * 1000;
  sink->done(sink->ctx, &credential);
  return WAYBILL_OK;
}

/* RFC 6750, section 2.1, and nothing that could end the field. */
static int is_token(const uint8_t *token, size_t len) {
  size_t i;
  for (i = 0; i < len; i++) {
    if (token[i] <= 0x20 || token[i] >= 0x7f) return 0;
  }
  return len > 0;
}

static waybill_status issued(const waybill_event *event, const waybill_sink *sink) {
  static const char *const names[] = {"access_token", "expires_in"};
  uint8_t value[7 + MAX_TOKEN];
  waybill_bytes values[2];
  uint64_t seconds;
  size_t len;
  waybill_status status;
  memcpy(value, "Bearer ", 7);
  if (!json_members(event->body, names, values, 2) ||
      !json_text(values[0], value + 7, MAX_TOKEN, &len) || !is_token(value + 7, len)) {
    status = fail(sink, WAYBILL_FAIL_PROTOCOL, "no_token",
                  "the answer with status 200 holds no access token", 0);
  } else if (!json_whole(values[1], MAX_SECONDS, &seconds) || seconds == 0) {
    status = fail(sink, WAYBILL_FAIL_PROTOCOL, "expires_in",
                  "the answer does not say for how many seconds the token is valid", 0);
  } else {
    status = issue(sink, value, 7 + len, seconds);
  }
  wipe(value, sizeof value);
  return status;
}

/* `Retry-After` in seconds; a date counts as nothing. */
static uint64_t retry_after_ms(const waybill_event *event) {
  static const char name[] = "retry-after";
  size_t i;
  uint64_t seconds;
  for (i = 0; i < event->n_headers; i++) {
    waybill_bytes field = event->headers[i].name;
    if (field.len == sizeof name - 1 && memcmp(field.ptr, name, field.len) == 0 &&
        json_whole(event->headers[i].value, 86400, &seconds)) {
      return seconds * 1000;
    }
  }
  return 0;
}

/* Only the carrier's own words blame the credentials: a firewall's page says nothing about them. */
static int blames_client(waybill_bytes body) {
  static const char *const names[] = {"error"};
  waybill_bytes error;
  uint8_t code[32];
  size_t len;
  return json_members(body, names, &error, 1) && json_text(error, code, sizeof code, &len) &&
         len == strlen("invalid_client") && memcmp(code, "invalid_client", len) == 0;
}

static waybill_status answered(const waybill_event *event, const waybill_sink *sink) {
  if (event->status == 200) return issued(event, sink);
  if (event->status == 429 || event->status >= 500) {
    return fail(sink, WAYBILL_FAIL_TRANSIENT, "unavailable",
                "the token endpoint is busy or out of order", retry_after_ms(event));
  }
  if ((event->status == 400 || event->status == 401) && blames_client(event->body)) {
    return fail(sink, WAYBILL_FAIL_REJECTED, "invalid_client",
                "the carrier refused client_id and client_secret: compare them with its portal", 0);
  }
  return fail(sink, WAYBILL_FAIL_PROTOCOL, "unexpected_status",
              "the token endpoint answered with a status that this plugin does not know", 0);
}

static waybill_status op_resume(waybill_op *op, const waybill_event *event,
                                const waybill_sink *sink) {
  if (event->kind != WAYBILL_EVENT_HTTP_RESPONSE && event->kind != WAYBILL_EVENT_HTTP_ERROR) {
    return WAYBILL_UNSUPPORTED;
  }
  if (!op->waits || event->req_id != REQUEST) return WAYBILL_OK;
  op->waits = 0;
  if (event->kind == WAYBILL_EVENT_HTTP_RESPONSE) return answered(event, sink);
  if (event->status == WAYBILL_NET_DENIED) {
    return fail(sink, WAYBILL_FAIL_CONFIG, "denied",
                "the gateway does not allow requests to this origin", 0);
  }
  return fail(sink, WAYBILL_FAIL_TRANSIENT, "network", "the token endpoint cannot be reached", 0);
}

static void op_free(waybill_op *op) { free(op); }

/* The order is the header's: after op_free come sign and authorize_url, which this plugin lacks. */
static const waybill_plugin PLUGIN = {
    sizeof(waybill_plugin), WAYBILL_MAGIC, WAYBILL_ABI_MAJOR, WAYBILL_ABI_MINOR, 0, 0,
    WAYBILL_CAP_TOKEN, TEXT(MANIFEST), instance_new, instance_free, op_begin, op_resume, op_free,
    NULL, NULL};

const waybill_plugin *waybill_entry_v1(const waybill_host *host) {
  return host != NULL && host->abi_major == WAYBILL_ABI_MAJOR ? &PLUGIN : NULL;
}
