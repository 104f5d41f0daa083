// The plug-in around a Verilated block: what rtl/plugin_abi.h promises. The builder copies this file to its work folder
// and compiles it with the block; block_tables.h is what it found out about the block.
#include "Vblock.h"
#include "plugin_abi.h"
#include "verilated.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#if CARDVP_RTL_FST
#include "verilated_fst_c.h"
using Waveform = VerilatedFstC;
#elif CARDVP_RTL_VCD
#include "verilated_vcd_c.h"
using Waveform = VerilatedVcdC;
#endif
#define CARDVP_RTL_TRACE (CARDVP_RTL_FST || CARDVP_RTL_VCD)
#if CARDVP_RTL_COVERAGE
#include "verilated_cov.h"
#endif

#if defined(__x86_64__)
#define CARDVP_RTL_CPU "x86_64"
#elif defined(__aarch64__)
#define CARDVP_RTL_CPU "aarch64"
#endif

struct cardvp_rtl_instance;

namespace {

#include "block_tables.h"

struct Broken {};  // thrown out of an evaluation that cannot go on

thread_local cardvp_rtl_instance* current = nullptr;  // whose code runs

#if CARDVP_RTL_TRACE
#include "plugin_tracks.h"
#endif

}  // namespace

struct cardvp_rtl_instance {
  explicit cardvp_rtl_instance(const cardvp_rtl_options& options) : message(options.message), owner(options.context) {
    context.randReset(2);
    context.randSeed(static_cast<int>(options.seed));
    std::vector<const char*> arguments{"cardvp"};
    arguments.insert(arguments.end(), options.plusargs, options.plusargs + options.plusarg_count);
    context.commandArgs(static_cast<int>(arguments.size()), arguments.data());
#if CARDVP_RTL_TRACE
    context.traceEverOn(true);
#endif
    current = this;
    model = std::make_unique<Vblock>(&context, options.name);
    current = nullptr;
    connect_ports(*model, ports);
    for (unsigned i = 0; i < kPortCount; ++i) std::memset(ports[i], 0, storage_of(kPorts[i].width));
  }
  ~cardvp_rtl_instance() {
    finalise();
    current = this;
#if CARDVP_RTL_TRACE
    close_waveform();
#endif
    model.reset();
    current = nullptr;
  }

  static unsigned storage_of(unsigned width) {
    if (width <= 8) return 1;
    if (width <= 16) return 2;
    if (width <= 32) return 4;
    return width <= 64 ? 8 : (width + 31) / 32 * 4;
  }

  // Both to be called within guarded().
  void eval(std::uint64_t time) {
    context.time(time);
    model->eval();
#if CARDVP_RTL_TRACE
    if (waveform) waveform->dump(time);
#endif
  }
  std::uint64_t run(const cardvp_rtl_run& request);

  bool changed(const cardvp_rtl_run& request) {
    bool any = false;
    for (std::uint32_t i = 0; i < request.watched_count; ++i) {
      const unsigned port = request.watched[i], size = storage_of(kPorts[port].width);
      std::uint32_t words[kMaxWords];
      std::memcpy(words, ports[port], size);
      any |= std::memcmp(words, &watched_values[i * kMaxWords], size) != 0;
      std::memcpy(&watched_values[i * kMaxWords], words, size);
    }
    return any;
  }

  template <class Function>
  void guarded(Function&& function) {
    if (state == CARDVP_RTL_BROKEN) return;
    cardvp_rtl_instance*& running = current;
    running = this;
    try {
      function();
    } catch (const Broken&) {
      state = CARDVP_RTL_BROKEN;
    } catch (const std::exception& exception) {
      stop(exception.what());
      state = CARDVP_RTL_BROKEN;
    }
    flush();
    running = nullptr;
  }

  void finalise() {
    if (finalised) return;
    finalised = true;
    guarded([this] { model->final(); });
  }

#if CARDVP_RTL_TRACE
  void close_waveform() {
    if (waveform) waveform->close();
    waveform.reset();
  }
#endif

  void print(const std::string& text) {
    line += text;
    std::size_t end;
    while ((end = line.find('\n')) != std::string::npos) {
      say(line.substr(0, end));
      line.erase(0, end + 1);
    }
    if (line.size() > kLongestLine) flush();
  }
  void flush() {
    if (!line.empty()) say(line);
    line.clear();
  }
  void say(const std::string& text) {
    const bool fault = text.find("%Error") != std::string::npos || text.find("%Fatal") != std::string::npos;
    if (fault) last_fault = text;
    if (message) message(owner, fault ? CARDVP_RTL_ERROR : CARDVP_RTL_INFO, text.c_str());
  }
  // The reason is what the block printed as such just before, else where it stopped.
  void stop(const std::string& where) {
    flush();
    if (error.empty()) error = last_fault.empty() ? where : last_fault;
    if (state != CARDVP_RTL_BROKEN) state = CARDVP_RTL_STOPPED;
  }

  static constexpr std::size_t kLongestLine = 4096;
  void (*message)(void*, cardvp_rtl_severity, const char*);
  void* owner;
  cardvp_rtl_state state = CARDVP_RTL_RUNNING;
  bool finalised = false;
  std::string line, last_fault, error;
  VerilatedContext context;
  std::unique_ptr<Vblock> model;
  void* ports[kPortCount];
  std::vector<std::uint32_t> watched_values;
#if CARDVP_RTL_TRACE
  Tracks tracks;
  std::unique_ptr<Waveform> waveform;
#endif
};

std::uint64_t cardvp_rtl_instance::run(const cardvp_rtl_run& request) {
  watched_values.assign(request.watched_count * kMaxWords, 0);
  changed(request);  // takes the values at the start
  auto& clock = *static_cast<std::uint8_t*>(ports[request.clock]);
  std::uint64_t cycle = 0, time = request.time;
  while (cycle < request.cycles) {
    clock = 0;
    eval(time);
    clock = 1;
    eval(time + request.low);
    time += request.period;
    ++cycle;
    if (state != CARDVP_RTL_RUNNING || changed(request)) break;
  }
  return cycle;
}

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
    current = nullptr;
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
