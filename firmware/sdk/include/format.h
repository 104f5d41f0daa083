/* A small printf: %c %s %d %u %x %%, with l, a minimum width, 0 padding, '-' for left, and a precision (or .*) for %s.
 * Anything else is printed as it stands. */
#ifndef CARDVP_FIRMWARE_FORMAT_H
#define CARDVP_FIRMWARE_FORMAT_H

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

void format(void (*put)(void* context, char c), void* context, const char* text, va_list arguments);

#ifdef __cplusplus
}
#endif

#endif
