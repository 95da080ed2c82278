/* waybill_plugin.h: the contract between the Waybill gateway and a carrier plugin. Major 1, minor 1.
 *
 * A plugin is a pure protocol codec. It is told about events and says what it wants done; the gateway
 * performs every network call, owns every clock and stores all state.
 *
 *  1. Borrowing.   A pointer handed over is good until the call that handed it over returns; keep a copy
 *                  of what you need longer. Neither side ever frees the other's memory. Exceptions: the
 *                  two tables live until the process ends, and the plugin makes and frees its handles.
 *  2. No I/O.      No sockets, files, threads, processes, signals or environment changes in a plugin.
 *  3. No unwinding. A C++ exception or a Rust panic must not cross any function declared here.
 *  4. No blocking. Return quickly: some microseconds for `sign`, a few milliseconds for the others.
 *  5. Growth.      A struct that starts with `struct_size` may get new members at its end, in a new minor
 *                  version. What lies beyond the sender's `struct_size` reads as zero, and zero keeps the
 *                  old behaviour. Structs marked "fixed" stay as they are within major 1.
 *                  Enumerations travel as uint32_t; each says what an unknown value means.
 *
 * Memory layout is locked by plugins/abi/abi.lock and checked by the Rust and the C compiler.
 */
#ifndef WAYBILL_PLUGIN_H
#define WAYBILL_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WAYBILL_MAGIC 0x31425957u /* "WYB1", little-endian */
#define WAYBILL_ABI_MAJOR 1u
#define WAYBILL_ABI_MINOR 1u

/* Non-zero if *p reaches far enough to hold `member`: for members newer than minor 0. */
#define WAYBILL_HAS(type, p, member) \
  ((p)->struct_size >= offsetof(type, member) + sizeof(((type *)0)->member))

/* What a call returns. Unknown values count as WAYBILL_PANIC. */
typedef uint32_t waybill_status;
enum {
  WAYBILL_OK = 0,
  WAYBILL_FAILED = 1,     /* the failure was emitted through the sink */
  WAYBILL_PANIC = 2,      /* the handle is unusable: only its `free` may follow */
  WAYBILL_UNSUPPORTED = 3 /* this plugin does not know that operation or event */
};

/* What a plugin can do (bits of waybill_plugin.capabilities). */
enum {
  WAYBILL_CAP_TOKEN = 1,     /* op_begin and op_resume yield credentials */
  WAYBILL_CAP_SIGN = 2,      /* sign adds fields to every request */
  WAYBILL_CAP_AUTH_CODE = 4, /* authorize_url and WAYBILL_REASON_AUTH_CODE */
  WAYBILL_CAP_REVOKE = 8     /* WAYBILL_REASON_REVOKE */
};

/* Bits of waybill_header.flags. */
enum {
  WAYBILL_HEADER_SENSITIVE = 1,
  /* Since minor 1, for the fields of a credential that has the member `slots`: the slot that the field
   * belongs to, by its place in the manifest's "slots", in these six bits. A field of slot 0 goes on every
   * request, a field of another slot on the requests of the operations that need the slot. */
  WAYBILL_HEADER_SLOT_SHIFT = 8,
  WAYBILL_HEADER_SLOT_MASK = 0x3f00
};

/* Fixed. `ptr` may be NULL only when `len` is 0. Text is UTF-8 and has no terminating NUL. */
typedef struct {
  const uint8_t *ptr;
  size_t len;
} waybill_bytes;

/* Fixed. A name with a value: an HTTP field, a query parameter, an operation's parameter. */
typedef struct {
  waybill_bytes name;
  waybill_bytes value;
  uint64_t flags;
} waybill_header;

/* One configured account. Shared: any thread, several calls at a time. */
typedef struct waybill_instance waybill_instance;
/* One authorization under way. Owned: one call at a time, not always from the same thread. */
typedef struct waybill_op waybill_op;

/* ---------------------------------------------------------------- services of the gateway */

/* Handed to waybill_entry_v1. Its functions may be called from any thread at any time. */
typedef struct {
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t reserved;
  /* Levels: 0 fatal (the plugin cannot go on), 1 error, 2 warn, 3 info, 4 debug, 5 trace. */
  void (*log)(uint32_t level, waybill_bytes message);
  /* Milliseconds since 1970-01-01 UTC. The only clock a plugin may read: tests and replays set it. */
  uint64_t (*now_unix_ms)(void);
  /* Fills dst from a cryptographic generator. */
  void (*random)(uint8_t *dst, size_t len);
} waybill_host;

/* ---------------------------------------------------------------- what a plugin emits */

/* Bits of waybill_http_request.flags. */
enum {
  WAYBILL_REQUEST_SECRET_BODY = 1,
  WAYBILL_REQUEST_RETRYABLE = 2 /* presenting it twice does no harm */
};

typedef struct {
  uint32_t struct_size;
  uint32_t flags;
  uint64_t req_id; /* the plugin's choice; not reused within the operation */
  waybill_bytes method;
  waybill_bytes url; /* absolute; its host must be one that the manifest and the operator allow */
  const waybill_header *headers;
  size_t n_headers;
  waybill_bytes body;
  uint32_t timeout_ms; /* 0: the gateway's default, which is also the most it grants */
  uint32_t reserved;
} waybill_http_request;

/* Bits of waybill_credential.flags. */
enum { WAYBILL_CREDENTIAL_APPLY_QUERY = 1 };

/* What became of a grant that works once (a refresh token that is burnt by its use). Unknown values
 * count as GONE. */
enum {
  WAYBILL_GRANT_NOT_SINGLE_USE = 0,
  WAYBILL_GRANT_REPLACED = 1, /* `state` holds a new one */
  WAYBILL_GRANT_KEPT = 2,     /* the old one stays good, and `state` holds it */
  WAYBILL_GRANT_GONE = 3      /* it is used up, and no new one came: a person must consent again */
};

typedef struct waybill_failure waybill_failure;

/* Fixed. What became of a slot other than the first. Since minor 1. */
typedef struct {
  uint32_t slot; /* its place in the manifest's "slots"; never 0 */
  uint32_t reserved;
  uint64_t ttl_ms; /* of its fields, from the begin of the operation; 0: as long as the credential */
  /* NULL: its fields are among the credential's. Else why there are none; the credential serves all
   * operations that do not need the slot. */
  const waybill_failure *failure;
} waybill_slot;

typedef struct {
  uint32_t struct_size;
  uint32_t flags;
  const waybill_header *headers; /* for every request to the carrier until the credential expires */
  size_t n_headers;
  uint64_t ttl_ms;           /* counted from the begin of the operation; UINT64_MAX: no end */
  uint64_t refresh_after_ms; /* 0: the gateway decides */
  waybill_bytes state;       /* kept sealed and handed to the next operation; refresh tokens go here */
  const waybill_header *query;
  size_t n_query;
  uint32_t grant; /* a WAYBILL_GRANT_ value; after the answer to WAYBILL_REASON_REVOKE without meaning */
  uint32_t reserved;
  uint64_t grant_ttl_ms; /* of a REPLACED one, from the begin of the operation; 0 or UINT64_MAX: unknown */
  /* For people, never a secret: empty, or a JSON object with any of the texts "token_type", "scope",
   * "status", "refresh_status" (printable ASCII, at most 256 bytes each) and of the whole numbers
   * "refresh_issued_at_ms", "refresh_expires_at_ms" (since 1970-01-01 UTC), "refresh_count". */
  waybill_bytes facts;
  /* Since minor 1: the slots other than the first, each at most once. A slot that has fields and no
   * entry lives as long as the credential. A plugin that uses slots sets `requires_minor` to 1, because
   * a gateway of minor 0 puts all fields on every request. */
  const waybill_slot *slots;
  size_t n_slots;
} waybill_credential;

/* Whose turn it is after a failure. Unknown values count as BUG. */
enum {
  WAYBILL_FAIL_TRANSIENT = 1,
  WAYBILL_FAIL_REJECTED = 2,
  WAYBILL_FAIL_CONFIG = 3,
  WAYBILL_FAIL_PROTOCOL = 4,
  WAYBILL_FAIL_BUG = 5,
  WAYBILL_FAIL_INTERACTION = 6
};

/* What became of a grant that works once, if it was presented. Unknown values count as HOST_DECIDES. */
enum {
  WAYBILL_FATE_HOST_DECIDES = 0, /* by class, and by whether a request left the machine */
  WAYBILL_FATE_UNHARMED = 1,     /* the carrier did not use it up: it may be presented again */
  WAYBILL_FATE_REFUSED = 2       /* the carrier does not honour it any more */
};

struct waybill_failure {
  uint32_t struct_size;
  uint32_t fail_class;
  waybill_bytes code;    /* stable; ends up in metrics */
  waybill_bytes message; /* for people; never a secret, never a body */
  uint64_t retry_after_ms; /* 0: the carrier said nothing */
  uint32_t grant;          /* a WAYBILL_FATE_ value */
  uint32_t reserved;
};

/* Good during the call it was passed to and on that thread only. `done` and `failed` end the operation. */
typedef struct {
  uint32_t struct_size;
  uint32_t reserved;
  void *ctx;
  void (*http)(void *ctx, const waybill_http_request *request);
  void (*timer)(void *ctx, uint64_t req_id, uint64_t delay_ms);
  void (*cancel)(void *ctx, uint64_t req_id);
  void (*done)(void *ctx, const waybill_credential *credential);
  void (*failed)(void *ctx, const waybill_failure *failure);
} waybill_sink;

/* ---------------------------------------------------------------- what a plugin is told */

/* Why an authorization begins. Unknown values count as FETCH. */
enum {
  WAYBILL_REASON_FETCH = 0,
  WAYBILL_REASON_REFRESH = 1,
  WAYBILL_REASON_UPSTREAM_REJECTED = 2,
  WAYBILL_REASON_AUTH_CODE = 3, /* a person consented: exchange the parameter "code" */
  WAYBILL_REASON_REVOKE = 4     /* give the grant in `state` back; ends with a credential without fields */
};

typedef struct {
  uint32_t struct_size;
  uint32_t reason;
  waybill_bytes slot;  /* which credential of the manifest; empty: the first, and what comes with it */
  waybill_bytes state; /* what the slot's last credential carried; empty: nothing */
  /* With AUTH_CODE: "code", "redirect_uri", "pkce_verifier". For authorize_url: "redirect_uri", "state",
   * "pkce_challenge". For a slot that builds on another one: "dep.<slot>". */
  const waybill_header *params;
  size_t n_params;
} waybill_begin;

/* Kinds of event. A plugin answers WAYBILL_UNSUPPORTED to one it does not know. */
enum { WAYBILL_EVENT_HTTP_RESPONSE = 1, WAYBILL_EVENT_HTTP_ERROR = 2, WAYBILL_EVENT_TIMER = 3 };

/* waybill_event.status of a WAYBILL_EVENT_HTTP_ERROR. Unknown values count as OTHER. */
enum {
  WAYBILL_NET_OTHER = 0,
  WAYBILL_NET_DNS = 1,
  WAYBILL_NET_CONNECT = 2,
  WAYBILL_NET_TLS = 3,
  WAYBILL_NET_TIMEOUT = 4,
  WAYBILL_NET_TOO_LARGE = 5,
  WAYBILL_NET_DENIED = 6
};

typedef struct {
  uint32_t struct_size;
  uint32_t kind;
  uint64_t req_id;
  uint32_t status; /* the HTTP status, or a WAYBILL_NET_ value */
  uint32_t reserved;
  const waybill_header *headers;
  size_t n_headers;
  waybill_bytes body; /* the content, or a text about the error */
} waybill_event;

/* ---------------------------------------------------------------- per request: WAYBILL_CAP_SIGN */

/* What is lent beside method, authority and target is what the manifest's "sign" names. */
typedef struct {
  uint32_t struct_size;
  uint32_t flags;
  waybill_bytes method;
  waybill_bytes authority;       /* the origin's: host, with the port if it is not the default */
  waybill_bytes path_and_query;  /* as they are sent */
  const waybill_header *headers; /* the fields that the manifest names, in its order */
  size_t n_headers;
  const waybill_bytes *body; /* pieces of the content, if the manifest asks for bytes */
  size_t n_body;
  const uint8_t *body_sha256; /* 32 bytes if the manifest asks for the hash, else NULL */
  uint64_t unix_ms;           /* by the gateway's clock, since 1970-01-01 UTC */
  waybill_bytes state;        /* of the credential that is in the request */
} waybill_sign_request;

/* A request whose signature failed is not sent. */
typedef struct {
  uint32_t struct_size;
  uint32_t reserved;
  void *ctx;
  /* In place of fields of that name; at most 16 with 16 KiB, none that frames the message. */
  void (*set_header)(void *ctx, waybill_bytes name, waybill_bytes value, uint64_t flags);
  void (*failed)(void *ctx, const waybill_failure *failure);
  /* Gateways of minor 0 apply none: the request fails. */
  void (*set_query)(void *ctx, waybill_bytes name, waybill_bytes value);
} waybill_sign_sink;

/* ---------------------------------------------------------------- the plugin's own table */

/* A function is NULL when the plugin lacks the capability it belongs to. */
typedef struct {
  uint32_t struct_size;
  uint32_t magic;
  uint32_t abi_major;
  uint32_t abi_minor;      /* what the plugin was built with */
  uint32_t requires_minor; /* the lowest minor of the gateway that it can work with */
  uint32_t reserved;
  uint64_t capabilities;
  waybill_bytes manifest; /* the same JSON as in the section .waybill.manifest */
  /* `config_json` is checked by the plugin; a failure goes to err->failed. */
  waybill_status (*instance_new)(waybill_bytes config_json, const waybill_sink *err,
                                 waybill_instance **out);
  /* After the last operation and the last sign of the instance. */
  void (*instance_free)(waybill_instance *instance);
  waybill_status (*op_begin)(waybill_instance *instance, const waybill_begin *begin,
                             const waybill_sink *sink, waybill_op **out);
  waybill_status (*op_resume)(waybill_op *op, const waybill_event *event, const waybill_sink *sink);
  /* Exactly once for each operation handed out, between calls; before its end it means "cancel". */
  void (*op_free)(waybill_op *op);
  /* On a thread that serves requests, several calls at a time. PANIC ends this call only: the
   * instance stays. */
  waybill_status (*sign)(const waybill_instance *instance, const waybill_sign_request *request,
                         const waybill_sign_sink *sink);
  /* Where a person consents: calls `url` once, with an https URL (at most 4 KiB) on the origin or on a
   * host of the manifest. Its query repeats redirect_uri and state as they are, and the challenge as
   * code_challenge. Makes no requests; a failure goes to err->failed. */
  waybill_status (*authorize_url)(waybill_instance *instance, const waybill_begin *begin, void *ctx,
                                  void (*url)(void *ctx, waybill_bytes url),
                                  const waybill_sink *err);
} waybill_plugin;

#if defined(_WIN32)
#define WAYBILL_EXPORT __declspec(dllexport)
#else
#define WAYBILL_EXPORT __attribute__((visibility("default")))
#endif

/* The one symbol that a plugin exports. NULL: the plugin cannot work with this gateway. */
WAYBILL_EXPORT const waybill_plugin *waybill_entry_v1(const waybill_host *host);

/* Puts the manifest (a string literal) where it can be read without running code of the file:
 * eight bytes "WAYBILL1", the length of the JSON as a native uint32_t, the JSON. */
#if defined(__ELF__)
#define WAYBILL_MANIFEST(json)                                                             \
  static const struct {                                                                    \
    char magic[8];                                                                         \
    uint32_t len;                                                                          \
    char text[sizeof(json)];                                                               \
  } waybill_manifest_ __attribute__((section(".waybill.manifest"), used)) = {              \
      {'W', 'A', 'Y', 'B', 'I', 'L', 'L', '1'}, sizeof(json) - 1, json}
#endif

#ifdef __cplusplus
}
#endif
#endif /* WAYBILL_PLUGIN_H */
