// The waveform of a block: from when to when it is written, and to which files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <systemc>

#include "models/base/log.h"
#include "rtl/pin.h"
#include "rtl/plugin_abi.h"

namespace cardvp::rtl {

struct Waves {
  std::filesystem::path file;
  sc_core::sc_time from;     // of the block
  std::string trigger_port;  // begin when this output is `trigger_value`, not before `from`
  std::uint64_t trigger_value = 1;
  // Keep a window around the first mark, or the trigger, in place of everything: as many cycles of the first clock, or
  // all there were, before it and behind it. 0: no window.
  //
  // The block is then traced from `from` on, which slows it down. Every so many cycles, of the window and of how far
  // the block may be ahead of the simulated time, in which the mark comes, `file` becomes before(file), the older one
  // is dropped, and `file` begins anew. What is before the mark is in both.
  std::uint32_t window_cycles = 0;
};

// aes.vcd: aes.before.vcd
std::filesystem::path before(const std::filesystem::path& file);

class WaveRecorder {
 public:
  WaveRecorder(const cardvp_rtl_plugin& abi, cardvp_rtl_instance* instance, const Logger& log)
      : abi_(abi), instance_(instance), log_(log) {}

  // What is to be recorded; `trigger` may be empty.
  void arm(Waves waves, Pin trigger);
  // How many cycles the block may be ahead of whoever marks.
  void set_ahead(std::uint64_t cycles) { ahead_ = cycles; }

  // From now on until stop(), whatever else was to be recorded. False if the plug-in has no waveforms or the file
  // cannot be made.
  bool start(const std::filesystem::path& file);
  void stop();
  bool is_open() const { return open_; }

  // Numbers of cycles, here and below, are those of the first clock.
  void mark(std::uint64_t cycle, std::uint64_t next_edge);
  // Cycles that are still to come behind the mark.
  std::uint64_t missing(std::uint64_t cycle) const;

  // Whether attend() has something to do ahead of the next cycle.
  bool is_due(std::uint64_t cycle) const { return cycle >= due_; }
  std::uint64_t cycles_until_due(std::uint64_t cycle) const { return due_ - cycle; }  // if it is not due
  void attend(std::uint64_t cycle, std::uint64_t next_edge);

  // Lines of text beside the pins, made before the waveform begins.
  std::uint32_t add_track(std::string name);
  void note(std::uint32_t track, const std::string& text);

 private:
  enum class State : std::uint8_t { kOther, kWaiting, kBefore, kBehind };  // the mark
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  bool open(const std::filesystem::path& file);
  void close();
  void begin(std::uint64_t cycle);
  void turn_over(std::uint64_t cycle);
  void set_due(std::uint64_t turn_over) {
    turn_over_ = turn_over;
    due_ = trigger_ ? 0 : turn_over;
  }
  bool triggered() const { return trigger_ && trigger_.get() == waves_.trigger_value; }

  const cardvp_rtl_plugin& abi_;
  cardvp_rtl_instance* const instance_;
  const Logger& log_;
  Waves waves_;
  Pin trigger_;
  std::vector<std::string> tracks_, texts_;
  std::uint64_t ahead_ = 0;
  std::uint64_t due_ = kNever, turn_over_ = kNever;
  State state_ = State::kOther;
  bool open_ = false;
};

}  // namespace cardvp::rtl
