// The plug-in around a Verilated block: what rtl/plugin_abi.h promises. The builder copies these files to its work
// folder and compiles them with the block; block_tables.h is what it found out about the block.
#include "plugin_instance.h"

#include <cstdarg>

#if defined(__x86_64__)
#define CARDVP_RTL_CPU "x86_64"
#elif defined(__aarch64__)
#define CARDVP_RTL_CPU "aarch64"
#endif

// What Verilator's run-time library calls.

extern "C" int cardvp_rtl_print(const char* format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, format, arguments);
  va_end(arguments);
  if (size > 0 && current) {
    std::string text(static_cast<std::size_t>(size), '\0');
    std::vsnprintf(text.data(), text.size() + 1, format, again);
    current->print(text);
  }
  va_end(again);
  return size;
}

namespace {
std::string place(const char* what, const char* file, int line) {
  return std::string(what) + " at " + (file ? file : "") + ":" + std::to_string(line);
}
}  // namespace

void vl_finish(const char*, int, const char*) VL_MT_UNSAFE {
  if (current && current->state == CARDVP_RTL_RUNNING) current->state = CARDVP_RTL_FINISHED;
}
void vl_stop(const char* file, int line, const char*) VL_MT_UNSAFE {
  if (current) current->stop(place("$stop", file, line));
}
void vl_fatal(const char* file, int line, const char*, const char* text) VL_MT_UNSAFE {
  if (current) {
    current->flush();
    current->last_fault.clear();
    current->stop(place(text, file, line));
  }
  throw Broken();
}

// The functions of the ABI.

namespace {

cardvp_rtl_instance* create(const cardvp_rtl_options* options) {
  try {
    return new cardvp_rtl_instance(*options);
  } catch (...) {
    return nullptr;
  }
}
void destroy(cardvp_rtl_instance* instance) { delete instance; }
void* port(cardvp_rtl_instance* instance, std::uint32_t index) { return instance->ports[index]; }
void eval(cardvp_rtl_instance* instance, std::uint64_t time) {
  instance->guarded([=] { instance->eval(time); });
}
std::uint64_t run(cardvp_rtl_instance* instance, const cardvp_rtl_run* request) {
  std::uint64_t cycles = 0;
  instance->guarded([&] { cycles = instance->run(*request); });
  return cycles;
}
cardvp_rtl_state state(const cardvp_rtl_instance* instance) { return instance->state; }
const char* error(const cardvp_rtl_instance* instance) { return instance->error.c_str(); }
void finalise(cardvp_rtl_instance* instance) { instance->finalise(); }

#if CARDVP_RTL_TRACE
int trace_open(cardvp_rtl_instance* instance, const char* file, const char* const* tracks, std::uint32_t count) {
  if (std::FILE* const probe = std::fopen(file, "w")) {
    std::fclose(probe);
  } else {
    return 0;
  }
  bool open = false;
  instance->guarded([&] {
    instance->close_waveform();
    auto waveform = std::make_unique<Waveform>();
    instance->model->trace(waveform.get(), 99);
    instance->tracks.open(tracks, count, *waveform);
    waveform->open(file);
    open = waveform->isOpen();
    if (open) instance->waveform = std::move(waveform);
  });
  return open;
}
void trace_note(cardvp_rtl_instance* instance, std::uint32_t track, const char* text) {
  instance->tracks.set(track, text);
}
void trace_close(cardvp_rtl_instance* instance) {
  instance->guarded([=] { instance->close_waveform(); });
}
#endif

#if CARDVP_RTL_COVERAGE
int coverage_write(cardvp_rtl_instance* instance, const char* file) {
  if (std::FILE* const probe = std::fopen(file, "w")) {
    std::fclose(probe);
  } else {
    return 0;
  }
  instance->guarded([=] { instance->context.coveragep()->write(file); });
  return instance->state != CARDVP_RTL_BROKEN;
}
#endif

}  // namespace

extern "C" __attribute__((visibility("default")))
const cardvp_rtl_plugin cardvp_rtl_plugin_description __asm__("cardvp_rtl_plugin") = {
    .magic = CARDVP_RTL_MAGIC,
    .abi_version = CARDVP_RTL_ABI_VERSION,
    .size = sizeof(cardvp_rtl_plugin),
    .cpu = CARDVP_RTL_CPU,
    .verilator = kVerilator,
    .name = kName,
    .description = kDescription,
    .digest = kDigest,
    .ports = kPorts,
    .port_count = kPortCount,
    .create = create,
    .destroy = destroy,
    .port = port,
    .eval = eval,
    .run = run,
    .state = state,
    .error = error,
    .final = finalise,
#if CARDVP_RTL_FST
    .trace_format = "fst",
#elif CARDVP_RTL_VCD
    .trace_format = "vcd",
#else
    .trace_format = "none",
#endif
#if CARDVP_RTL_TRACE
    .trace_open = trace_open,
    .trace_note = trace_note,
    .trace_close = trace_close,
#else
    .trace_open = nullptr,
    .trace_note = nullptr,
    .trace_close = nullptr,
#endif
#if CARDVP_RTL_COVERAGE
    .coverage_write = coverage_write,
#else
    .coverage_write = nullptr,
#endif
};
