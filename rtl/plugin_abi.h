/* The C ABI between the simulator and an RTL plug-in: a shared object that holds one Verilated block, made by
 * `cardvp rtl build`. Its only symbol is `cardvp_rtl_plugin`, a struct cardvp_rtl_plugin.
 *
 * The plug-in never includes SystemC, the simulator never includes Verilated headers. No function here throws or ends
 * the process: what goes wrong in the block ($stop, $fatal, an assertion, a loop that does not settle) is its state.
 * One thread at a time may use the instances of one plug-in, which know nothing of each other. What is called back may
 * call again, for this instance or another. Times are in ps.
 *
 * The version changes with every change that an older reader would misread. */
#ifndef CARDVP_RTL_PLUGIN_ABI_H
#define CARDVP_RTL_PLUGIN_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CARDVP_RTL_MAGIC 0x4c54525056445243ull /* "CRDVPRTL" */
#define CARDVP_RTL_ABI_VERSION 2u

/* How a port's value is stored, by its width: the smallest unsigned integer of 8, 16, 32 or 64 bits that holds it;
 * above 64 bits an array of 32-bit words, lowest first. Unused bits of an input must be written as zero. */
struct cardvp_rtl_port {
  const char* name;
  uint32_t width; /* bits */
  uint32_t is_input;
};

enum cardvp_rtl_severity { CARDVP_RTL_INFO, CARDVP_RTL_ERROR };

/* What an instance is made with; the strings are copied. */
struct cardvp_rtl_options {
  const char* name; /* hierarchical, for %m */
  uint32_t seed;    /* of $random, and of what stands for X; not 0 */
  uint32_t plusarg_count;
  const char* const* plusargs; /* "+name=value", for $test$plusargs and $value$plusargs */
  void* context;
  /* A line that the block prints ($display), or why it stopped. Called in eval, run, create and destroy. */
  void (*message)(void* context, enum cardvp_rtl_severity severity, const char* text);
};

enum cardvp_rtl_state {
  CARDVP_RTL_RUNNING,
  CARDVP_RTL_FINISHED, /* $finish */
  CARDVP_RTL_STOPPED,  /* $stop, $fatal, $error or an assertion; see error() */
  CARDVP_RTL_BROKEN,   /* evaluation was abandoned (a loop that does not settle): eval and run do nothing any more */
};

/* Cycles of one clock, for run(). A cycle: clock 0, eval at `time`; sample(); clock 1, eval at `time + low`; next();
 * the next cycle is `period` later. */
struct cardvp_rtl_run {
  uint32_t clock; /* a port of one bit */
  uint64_t cycles;
  uint64_t time;
  uint64_t low;
  uint64_t period;
  /* Outputs that end the run behind the cycle in which one of them changed. */
  const uint32_t* watched;
  uint32_t watched_count;
  /* For who takes part in each cycle; both may be null. They must not throw. */
  void* context;
  void (*sample)(void* context);
  /* Sets the inputs for the next cycle; 0 ends the run, as any state but CARDVP_RTL_RUNNING does. */
  int (*next)(void* context, enum cardvp_rtl_state state);
};

typedef struct cardvp_rtl_instance cardvp_rtl_instance;

struct cardvp_rtl_plugin {
  uint64_t magic;
  uint32_t abi_version;
  uint32_t size;         /* of this struct */
  const char* cpu;       /* "x86_64", "aarch64" */
  const char* verilator; /* its version, for people */
  const char* name;
  const char* description; /* the block description as resolved by the builder, JSON */
  const char* digest;      /* SHA-256 of description and sources, hexadecimal */
  const struct cardvp_rtl_port* ports;
  uint32_t port_count;

  /* Null if there is no memory. All ports are 0; nothing was evaluated yet. */
  cardvp_rtl_instance* (*create)(const struct cardvp_rtl_options* options);
  void (*destroy)(cardvp_rtl_instance*); /* final blocks run if final() did not */

  /* Where the value of a port is, as long as the instance lives. */
  void* (*port)(cardvp_rtl_instance*, uint32_t index);
  void (*eval)(cardvp_rtl_instance*, uint64_t time);
  /* Returns how many cycles were run: fewer if a watched output changed, or the block is no longer running. */
  uint64_t (*run)(cardvp_rtl_instance*, const struct cardvp_rtl_run*);
  enum cardvp_rtl_state (*state)(const cardvp_rtl_instance*);
  const char* (*error)(const cardvp_rtl_instance*); /* of the first stop; "" if there was none */
  void (*final)(cardvp_rtl_instance*);

  /* Waveforms: from trace_open to trace_close every eval is written. `tracks` are lines of text beside the pins, for
   * transactions; trace_note changes what stands in one. 0 if the file cannot be made. Null if the plug-in was built
   * without waveforms; trace_format then is "none", else "fst" or "vcd". */
  const char* trace_format;
  int (*trace_open)(cardvp_rtl_instance*, const char* file, const char* const* tracks, uint32_t track_count);
  void (*trace_note)(cardvp_rtl_instance*, uint32_t track, const char* text);
  void (*trace_close)(cardvp_rtl_instance*);

  /* Writes line and toggle coverage, in Verilator's format. Null if built without coverage. */
  int (*coverage_write)(cardvp_rtl_instance*, const char* file);
};

#ifdef __cplusplus
}
#endif

#endif
