// One instance of the block, as rtl/plugin_abi.h has it. Included by plugin_main.cpp.
#ifndef CARDVP_RTL_PLUGIN_INSTANCE_H
#define CARDVP_RTL_PLUGIN_INSTANCE_H

#include "Vblock.h"
#include "plugin_abi.h"
#include "verilated.h"

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

struct cardvp_rtl_instance;

namespace {

#include "block_tables.h"

struct Broken {};  // thrown out of an evaluation that cannot go on

cardvp_rtl_instance* current = nullptr;  // whose code runs

// Sets that for a while, and the context that Verilator's run-time library takes for $random, plusargs and the like.
class Current {
 public:
  Current(cardvp_rtl_instance* instance, VerilatedContext* context)
      : outer_(current), outer_context_(current ? Verilated::threadContextp() : nullptr) {
    current = instance;
    Verilated::threadContextp(context);
  }
  ~Current() {
    current = outer_;
    if (outer_context_) Verilated::threadContextp(outer_context_);
  }

 private:
  cardvp_rtl_instance* const outer_;
  VerilatedContext* const outer_context_;
};

#if CARDVP_RTL_TRACE
#include "plugin_tracks.h"
#endif

}  // namespace

struct cardvp_rtl_instance {
  explicit cardvp_rtl_instance(const cardvp_rtl_options& options) : message(options.message), owner(options.context) {
    const Current running(this, &context);
    // Toggles are counted against values of the block before, which begin like the rest.
    context.randReset(CARDVP_RTL_COVERAGE ? 0 : 2);
    context.randSeed(static_cast<int>(options.seed));
    std::vector<const char*> arguments{"cardvp"};
    arguments.insert(arguments.end(), options.plusargs, options.plusargs + options.plusarg_count);
    context.commandArgs(static_cast<int>(arguments.size()), arguments.data());
#if CARDVP_RTL_TRACE
    context.traceEverOn(true);
#endif
    model = std::make_unique<Vblock>(&context, options.name);
    connect_ports(*model, ports);
    for (unsigned i = 0; i < kPortCount; ++i) std::memset(ports[i], 0, storage_of(kPorts[i].width));
  }
  ~cardvp_rtl_instance() {
    finalise();
    const Current running(this, &context);
#if CARDVP_RTL_TRACE
    close_waveform();
#endif
    model.reset();
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
    const Current running(this, &context);
    try {
      function();
    } catch (const Broken&) {
      state = CARDVP_RTL_BROKEN;
    } catch (const std::exception& exception) {
      stop(exception.what());
      state = CARDVP_RTL_BROKEN;
    }
    if (!line.empty()) flush();
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
    if (request.sample) request.sample(request.context);
    clock = 1;
    eval(time + request.low);
    time += request.period;
    ++cycle;
    if (request.next && !request.next(request.context, state)) break;
    if (state != CARDVP_RTL_RUNNING || changed(request)) break;
  }
  return cycle;
}

#endif
