// Block: one instance of a Verilated block, clocked as its user asks for.
//
// A block has a time of its own, which may be ahead of the simulated time: while a bridge works, the clocks run at
// once, up to `run_ahead` cycles, and tasks that wait for the outcome resume when the simulated time is there. Outputs
// that somebody watches, interrupts for instance, are told of at their time.
//
//   on demand    The clocks stand while no bridge works (and busy_port, if there is one, is low).
//   batched      They also run while nothing works: in batches of so many cycles, one event each, until nothing has
//                happened for quiet_cycles. For blocks that do something on their own account.
//   every cycle  One event for each edge, always: to look at the block beside other models, cycle by cycle. Slow.
//
// A block that has its transactions wait forever, stops or breaks does not stop the simulation: what is in flight
// fails.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/base/model.h"
#include "rtl/clocked.h"
#include "rtl/domain.h"
#include "rtl/pin.h"
#include "rtl/plugin.h"
#include "rtl/wave_recorder.h"

namespace cardvp::rtl {

struct Clocking {
  enum class Mode : std::uint8_t { kOnDemand, kBatched, kEveryCycle } mode = Mode::kOnDemand;
  std::uint32_t batch = 64;        // cycles of the first clock
  std::uint32_t quiet_cycles = 0;  // of batched clocking; 0: never rests
  std::uint32_t run_ahead = 1024;  // cycles that the block may be ahead of everything else
  bool skip_idle = true;           // the cycles for which a clock stood are not made up for
  std::string busy_port;           // an output, high while the block works on its own account
};

struct BlockConfig {
  Clocking clocking;
  std::uint64_t time_out_cycles = 100'000;  // without progress
  std::optional<Waves> waves;
  std::vector<std::string> plusargs;               // "+name=value"
  std::map<std::string, std::uint64_t> period_ps;  // of clocks, in place of the description's
  std::map<std::string, std::uint64_t> tie_offs;   // inputs of no interface; others are 0
};

class Block : public Model {
 public:
  // Throws std::invalid_argument for a port in the configuration that the block does not have.
  Block(sc_core::sc_module_name name, Sim& sim, std::shared_ptr<const Plugin> plugin, BlockConfig config);
  ~Block() override;

  const Plugin& plugin() const { return *plugin_; }
  const BlockDescription& description() const { return plugin_->description(); }

  // An empty pin if there is no such port.
  Pin pin(std::string_view port) const;
  // Of that port; the first if the name is empty; null if it is none of the block's clocks.
  Domain* domain(std::string_view clock = {});

  // Calls the sink, when the simulated time is there, for each change of an output of at most 64 bits, from 0 on.
  void watch(std::string_view port, std::function<void(std::uint64_t)> sink);
  // Calls the sinks now for what changed up to `until`: for an initiator that is ahead of the simulated time, as what
  // it did to other models shows at once too.
  void show_changes(sc_core::sc_time until);

  // From now on. Throws as the constructor does.
  void set_clocking(const Clocking& clocking);

  // Makes resets active for as many cycles as they want. Happens by itself before the first cycle.
  void reset();

  // The time up to which the block has been evaluated.
  sc_core::sc_time time() const { return sc_core::sc_time::from_value(time_); }
  // False once the block has called $finish or $stop, or could not be evaluated.
  bool running() const { return running_; }
  // Why not.
  std::string error() const;
  std::uint64_t time_out_cycles() const { return config_.time_out_cycles; }
  std::uint64_t time_outs() const { return time_outs_.value(); }

  // Waveforms, in the format that the plug-in was built for; false if it has none or the file cannot be made. This
  // takes the place of what the configuration says.
  bool start_waves(const std::filesystem::path& file);
  // If there is a window whose cycles behind the mark are not over, and the block still goes on, it has them first, up
  // to kLateCycles. So does a block that is destroyed.
  void stop_waves();
  bool has_waves() const { return waves_.is_open(); }
  // Something happened that is worth a look, a difference in lockstep: what the waveform's window is about. The first
  // time counts; without a window nothing. The waveform ends, for good, when the window does.
  void mark_waves();
  static constexpr std::uint64_t kLateCycles = 1000;
  // A line of text beside the pins, for transactions; tracks are made before the waveform begins.
  std::uint32_t add_track(std::string name) { return waves_.add_track(std::move(name)); }
  void note(std::uint32_t track, const std::string& text) { waves_.note(track, text); }

  // Verilator's coverage data (rtl/coverage.h merges them); false if the plug-in was built without or the file cannot
  // be made.
  bool write_coverage(const std::filesystem::path& file);

 private:
  friend class Domain;
  friend class BridgePins;

  // An output whose changes somebody wants to know.
  struct Watch {
    Watch(Block& block, std::uint32_t port, Pin pin, std::function<void(std::uint64_t)> sink);
    bool look(std::uint64_t time);  // whether it changed
    void deliver();
    void deliver_until(std::uint64_t time);

    std::uint32_t port;
    Pin pin;
    std::function<void(std::uint64_t)> sink;
    std::uint64_t value = 0;
    std::deque<std::pair<std::uint64_t, std::uint64_t>> changes;  // time, value
    Callback<&Watch::deliver> due;
  };

  void start_of_simulation() override;
  void start();
  void run_reset();
  void work_begins();
  void pump();  // runs what the clocking says, and arms itself for the rest
  void run_ahead();
  void run_batch();
  void catch_up();  // to the simulated time
  void drive();
  bool has_work() const { return working_ > 0 || (busy_ && busy_.high()); }
  bool going() const { return running_ && !reset_due_; }
  bool wanted() const;  // by a bridge that nothing is in flight in
  inline std::uint64_t next_edge() const;
  void arm();
  void step();  // a cycle, or of several clocks the next edges
  // Steps as long as `more` says and the block goes on.
  template <class More>
  void run(const More& more);
  template <class More>
  void together(const More& more);  // of the only clock
  void cycle();
  void edges();
  std::uint64_t undisturbed(std::uint64_t cycles);  // of the only clock, without bridges; returns how many were run
  void eval(std::uint64_t time);
  // Once a cycle: what has become of the block, and who is to be told.
  inline void look_at_outputs(std::uint64_t time, cardvp_rtl_state state);
  void has_stopped();
  void stay_awake();
  void set_reset(const ResetDescription& reset, bool active);
  void timed_out(BridgePins& bridge);
  void fail_all();
  cardvp_rtl_instance* create();
  bool waves_due() const { return waves_.is_due(domains_.front()->cycles_); }
  void attend_waves();
  bool run_late();  // what is missing of the waveform's window
  void check(std::string_view port, const char* what) const;
  static void take_message(void* block, cardvp_rtl_severity severity, const char* text);

  std::shared_ptr<const Plugin> plugin_;
  const cardvp_rtl_plugin& abi_;
  BlockConfig config_;
  const std::unique_ptr<cardvp_rtl_instance, void (*)(cardvp_rtl_instance*)> owner_;
  cardvp_rtl_instance* const instance_;
  WaveRecorder waves_;
  std::vector<std::unique_ptr<Domain>> domains_;
  std::vector<std::unique_ptr<Watch>> watches_;
  std::vector<std::uint32_t> looked_at_;  // outputs that end an undisturbed run: of the watches, and:
  std::vector<Pin> wakes_;                // of the bridges
  Pin busy_;
  std::uint64_t time_ = 0;
  std::uint64_t active_until_ = 0;  // batched clocking goes on until then
  unsigned working_ = 0;            // bridges
  bool running_ = true, started_ = false;
  bool clocking_ = false;   // further up the call stack
  bool reset_due_ = false;  // asked for meanwhile
  bool alone_ = false;      // bridges take no part
  bool fresh_ = true;       // out of reset: bridges and checkers want to see the first cycle
  Counter& time_outs_;
  Callback<&Block::pump> pump_{scheduler(), *this};
};

}  // namespace cardvp::rtl
