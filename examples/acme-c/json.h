/* A JSON reader for small documents: it allocates nothing, does not recurse, and accepts only a whole and
 * well-formed document. What it returns points into the document. */
#ifndef JSON_H
#define JSON_H

#include "waybill_plugin.h"

#include <string.h>

/* Deeper documents are refused. */
#define JSON_DEPTH 32

typedef struct {
  const uint8_t *at;
  const uint8_t *end;
} json_reader;

static void json_space(json_reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) {
    r->at++;
  }
}

static int json_take(json_reader *r, uint8_t wanted) {
  json_space(r);
  if (r->at == r->end || *r->at != wanted) return 0;
  r->at++;
  return 1;
}

static int json_string(json_reader *r) {
  if (!json_take(r, '"')) return 0;
  while (r->at < r->end) {
    uint8_t c = *r->at++;
    if (c == '"') return 1;
    if (c < 0x20) return 0;
    /* Whatever is escaped cannot end the string; json_text looks at it. */
    if (c == '\\') {
      if (r->at == r->end) return 0;
      r->at++;
    }
  }
  return 0;
}

static size_t json_digits(json_reader *r) {
  const uint8_t *start = r->at;
  while (r->at < r->end && *r->at >= '0' && *r->at <= '9') r->at++;
  return (size_t)(r->at - start);
}

static int json_number(json_reader *r) {
  if (r->at < r->end && *r->at == '-') r->at++;
  if (json_digits(r) == 0) return 0;
  if (r->at < r->end && *r->at == '.') {
    r->at++;
    if (json_digits(r) == 0) return 0;
  }
  if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
    r->at++;
    if (r->at < r->end && (*r->at == '+' || *r->at == '-')) r->at++;
    if (json_digits(r) == 0) return 0;
  }
  return 1;
}

static int json_word(json_reader *r, const char *word) {
  size_t len = strlen(word);
  if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0) return 0;
  r->at += len;
  return 1;
}

static int json_simple(json_reader *r) {
  switch (*r->at) {
    case '"': return json_string(r);
    case 't': return json_word(r, "true");
    case 'f': return json_word(r, "false");
    case 'n': return json_word(r, "null");
    default: return json_number(r);
  }
}

/* Passes over one value of any kind. */
static int json_value(json_reader *r) {
  uint8_t closing[JSON_DEPTH];
  size_t depth = 0;
  for (;;) {
    json_space(r);
    if (r->at == r->end) return 0;
    if (*r->at == '{' || *r->at == '[') {
      uint8_t close = *r->at == '{' ? '}' : ']';
      if (depth == JSON_DEPTH) return 0;
      r->at++;
      if (!json_take(r, close)) {
        closing[depth++] = close;
        if (close == '}' && !(json_string(r) && json_take(r, ':'))) return 0;
        continue;
      }
    } else if (!json_simple(r)) {
      return 0;
    }
    /* A value has ended: the objects and lists that end with it, or the next value. */
    while (depth > 0 && json_take(r, closing[depth - 1])) depth--;
    if (depth == 0) return 1;
    if (!json_take(r, ',')) return 0;
    if (closing[depth - 1] == '}' && !(json_string(r) && json_take(r, ':'))) return 0;
  }
}

/* Looks up members of a document that is one object. values[i] is the text of the member names[i], empty if
 * it is not there. 0: the document is something else. */
static int json_members(waybill_bytes document, const char *const *names, waybill_bytes *values,
                        size_t n) {
  json_reader r;
  size_t i;
  memset(values, 0, n * sizeof *values);
  if (document.len == 0) return 0;
  r.at = document.ptr;
  r.end = document.ptr + document.len;
  if (!json_take(&r, '{')) return 0;
  if (!json_take(&r, '}')) {
    do {
      const uint8_t *name, *value;
      size_t name_len;
      json_space(&r);
      if (r.at == r.end) return 0;
      name = r.at + 1;
      if (!json_string(&r)) return 0;
      name_len = (size_t)(r.at - name) - 1;
      if (!json_take(&r, ':')) return 0;
      json_space(&r);
      value = r.at;
      if (!json_value(&r)) return 0;
      for (i = 0; i < n; i++) {
        if (strlen(names[i]) == name_len && memcmp(names[i], name, name_len) == 0) {
          values[i].ptr = value;
          values[i].len = (size_t)(r.at - value);
        }
      }
    } while (json_take(&r, ','));
    if (!json_take(&r, '}')) return 0;
  }
  json_space(&r);
  return r.at == r.end;
}

static int json_hex(const uint8_t *at, const uint8_t *end, uint32_t *out) {
  int i;
  *out = 0;
  if (end - at < 4) return 0;
  for (i = 0; i < 4; i++) {
    uint8_t c = at[i];
    uint32_t digit;
    if (c >= '0' && c <= '9') digit = (uint32_t)(c - '0');
    else if (c >= 'a' && c <= 'f') digit = (uint32_t)(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F') digit = (uint32_t)(c - 'A') + 10;
    else return 0;
    *out = *out * 16 + digit;
  }
  return 1;
}

/* The bytes of one code point in UTF-8. */
static size_t json_utf8(uint32_t code, uint8_t *out) {
  if (code < 0x80) {
    out[0] = (uint8_t)code;
    return 1;
  }
  if (code < 0x800) {
    out[0] = (uint8_t)(0xc0 | code >> 6);
    out[1] = (uint8_t)(0x80 | (code & 0x3f));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = (uint8_t)(0xe0 | code >> 12);
    out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    out[2] = (uint8_t)(0x80 | (code & 0x3f));
    return 3;
  }
  out[0] = (uint8_t)(0xf0 | code >> 18);
  out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
  out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
  out[3] = (uint8_t)(0x80 | (code & 0x3f));
  return 4;
}

/* The code point of the escape at `*at`, which is behind the backslash. */
static int json_escape(const uint8_t **at, const uint8_t *end, uint32_t *code) {
  static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  uint8_t c = *(*at)++;
  const char *found = c == 0 ? NULL : strchr(plain, c);
  if (found != NULL) {
    *code = (uint8_t)meant[found - plain];
    return 1;
  }
  if (c != 'u' || !json_hex(*at, end, code)) return 0;
  *at += 4;
  if (*code >= 0xd800 && *code < 0xdc00) {
    uint32_t low;
    if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u' || !json_hex(*at + 2, end, &low)) {
      return 0;
    }
    if (low < 0xdc00 || low > 0xdfff) return 0;
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    *at += 6;
    return 1;
  }
  return *code < 0xdc00 || *code > 0xdfff;
}

/* Copies a value that is a string, without its escapes. 0: it is none, or longer than `size`. */
static int json_text(waybill_bytes value, uint8_t *out, size_t size, size_t *len) {
  const uint8_t *at, *end;
  *len = 0;
  if (value.len < 2 || value.ptr[0] != '"') return 0;
  at = value.ptr + 1;
  end = value.ptr + value.len - 1;
  while (at < end) {
    uint8_t bytes[4];
    size_t n = 1;
    bytes[0] = *at++;
    if (bytes[0] == '\\') {
      uint32_t code;
      if (at == end || !json_escape(&at, end, &code)) return 0;
      n = json_utf8(code, bytes);
    }
    if (n > size - *len) return 0;
    memcpy(out + *len, bytes, n);
    *len += n;
  }
  return 1;
}

/* A whole number up to `most`, also as a string and with zeros behind a point: carriers send all of these. */
static int json_whole(waybill_bytes value, uint64_t most, uint64_t *out) {
  size_t i = 0;
  *out = 0;
  if (value.len >= 2 && value.ptr[0] == '"') {
    value.ptr++;
    value.len -= 2;
  }
  for (; i < value.len && value.ptr[i] >= '0' && value.ptr[i] <= '9'; i++) {
    *out = *out * 10 + (uint64_t)(value.ptr[i] - '0');
    if (*out > most) return 0;
  }
  if (i == 0) return 0;
  if (i < value.len && value.ptr[i] == '.') {
    for (i++; i < value.len && value.ptr[i] == '0'; i++) {
    }
  }
  return i == value.len;
}

#endif /* JSON_H */
