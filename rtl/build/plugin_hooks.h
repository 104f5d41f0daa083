// Included ahead of everything in a plug-in: Verilator's run-time library prints through here, and leaves $finish,
// $stop and fatal errors to the wrapper (plugin_main.cpp), which must not end the process.
#ifndef CARDVP_RTL_PLUGIN_HOOKS_H
#define CARDVP_RTL_PLUGIN_HOOKS_H

/* One thread at a time uses a plug-in (plugin_abi.h). Verilator's run-time library looks at thread-local data several
 * times in an evaluation, and in a shared object each time is a call of the dynamic linker. */
#ifdef __cplusplus
#define thread_local
#endif

#define VL_PRINTF cardvp_rtl_print
#define VL_USER_FINISH
#define VL_USER_STOP
#define VL_USER_FATAL

#ifdef __cplusplus
extern "C"
#endif
    int
    cardvp_rtl_print(const char* format, ...) __attribute__((format(printf, 1, 2)));

#endif
