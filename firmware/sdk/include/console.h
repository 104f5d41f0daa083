/* The UART (PL011) as a console: polled transmission. */
#ifndef CARDVP_FIRMWARE_CONSOLE_H
#define CARDVP_FIRMWARE_CONSOLE_H

void console_init(void);

/* What format.h describes; a newline is sent as CR LF. */
__attribute__((format(printf, 1, 2))) void print(const char* text, ...);

/* A line of the log, with the time since the counter started: "[    0.001234] nvme0: ...". */
#define print_log(text, ...) print_log_line(text "\n" __VA_OPT__(, ) __VA_ARGS__)
__attribute__((format(printf, 1, 2))) void print_log_line(const char* text, ...);

#endif
