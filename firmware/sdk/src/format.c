#include "format.h"

#include <stdint.h>

struct sink {
  void (*put)(void* context, char c);
  void* context;
};

struct spec {
  unsigned width;
  int precision; /* -1: none */
  char pad;
  char left;
};

static void repeat(const struct sink* sink, char c, unsigned count) {
  while (count--) sink->put(sink->context, c);
}

static void put_field(const struct sink* sink, const struct spec* spec, const char* text, unsigned length) {
  unsigned padding = spec->width > length ? spec->width - length : 0;
  if (!spec->left) repeat(sink, ' ', padding);
  for (unsigned i = 0; i < length; i++) sink->put(sink->context, text[i]);
  if (spec->left) repeat(sink, ' ', padding);
}

static void put_number(const struct sink* sink, const struct spec* spec, uint64_t value, unsigned base, int negative) {
  char digits[24]; /* 2^64 has 20 */
  unsigned at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value);
  if (spec->pad == '0' && !spec->left) { /* the sign goes ahead of the zeros */
    unsigned length = (unsigned)(sizeof digits - at) + (negative ? 1 : 0);
    if (negative) sink->put(sink->context, '-');
    repeat(sink, '0', spec->width > length ? spec->width - length : 0);
    for (; at < sizeof digits; at++) sink->put(sink->context, digits[at]);
    return;
  }
  if (negative) digits[--at] = '-';
  put_field(sink, spec, digits + at, (unsigned)(sizeof digits - at));
}

static unsigned parse_number(const char** text) {
  unsigned value = 0;
  for (; **text >= '0' && **text <= '9'; ++*text) value = value * 10 + (unsigned)(**text - '0');
  return value;
}

void format(void (*put)(void* context, char c), void* context, const char* text, va_list arguments) {
  const struct sink sink = {put, context};
  for (; *text; text++) {
    if (*text != '%') {
      put(context, *text);
      continue;
    }
    const char* start = text++;
    struct spec spec = {0, -1, ' ', 0};
    for (; *text == '-' || *text == '0'; text++) {
      if (*text == '-')
        spec.left = 1;
      else
        spec.pad = '0';
    }
    spec.width = parse_number(&text);
    if (*text == '.') {
      text++;
      if (*text == '*') {
        text++;
        spec.precision = va_arg(arguments, int);
      } else {
        spec.precision = (int)parse_number(&text);
      }
    }
    int is_long = *text == 'l';
    if (is_long) text++;
    switch (*text) {
      case 'c': {
        char c = (char)va_arg(arguments, int);
        put_field(&sink, &spec, &c, 1);
        break;
      }
      case 's': {
        const char* string = va_arg(arguments, const char*);
        unsigned length = 0;
        while ((spec.precision < 0 || length < (unsigned)spec.precision) && string[length]) length++;
        put_field(&sink, &spec, string, length);
        break;
      }
      case 'd': {
        int64_t value = is_long ? va_arg(arguments, long) : va_arg(arguments, int);
        put_number(&sink, &spec, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0);
        break;
      }
      case 'u':
      case 'x': {
        uint64_t value = is_long ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned);
        put_number(&sink, &spec, value, *text == 'x' ? 16 : 10, 0);
        break;
      }
      case '%': put(context, '%'); break;
      default: /* unknown: as it stands */
        for (; start < text; start++) put(context, *start);
        if (!*text) return;
        put(context, *text);
    }
  }
}
