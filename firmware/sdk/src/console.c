#include "console.h"

#include "format.h"
#include "io.h"
#include "map.h"
#include "timer.h"

static void put(void* context, char c) {
  (void)context;
  if (c == '\n') put(context, '\r');
  while (FIELD_READ(MAP_UART, PL011_FR, TXFF)) {
  }
  REG_WRITE(MAP_UART, PL011_DR, (uint8_t)c);
}

void console_init(void) {
  while (FIELD_READ(MAP_UART, PL011_FR, BUSY)) { /* what the program before sent */
  }
  REG_WRITE(MAP_UART, PL011_CR, 0);
  REG_WRITE(MAP_UART, PL011_LCR_H, FIELD_IN(PL011_LCR_H_WLEN, 3) | FIELD_IN(PL011_LCR_H_FEN, 1)); /* 8 bits, FIFO on */
  REG_WRITE(MAP_UART, PL011_CR, FIELD_IN(PL011_CR_UARTEN, 1) | FIELD_IN(PL011_CR_TXE, 1));
}

void print(const char* text, ...) {
  va_list arguments;
  va_start(arguments, text);
  format(put, 0, text, arguments);
  va_end(arguments);
}

void print_log_line(const char* text, ...) {
  uint64_t now = now_us();
  print("[%5lu.%06lu] ", now / 1000000, now % 1000000);
  va_list arguments;
  va_start(arguments, text);
  format(put, 0, text, arguments);
  va_end(arguments);
}
