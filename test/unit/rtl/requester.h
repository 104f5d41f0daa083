// A bridge of the tests' own, and the machine around a block.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "rtl/block.h"

namespace cardvp::rtl::test {

// Keeps req high until the block answers with ack.
class Requester : public BridgePins {
 public:
  explicit Requester(Block& block) : req_(block.pin("req")), latency_(block.pin("latency")), ack_(block.pin("ack")) {
    block.domain()->add(*this);
  }
  void begin(Completion& done, unsigned latency) {
    done_ = &done;
    latency_value_ = latency;
    begin_work();
  }
  void drive() override {
    req_.set(done_ != nullptr);
    latency_.set(latency_value_);
  }
  void sample() override {
    ++sampled;
    if (on_sample) on_sample();
    if (!done_ || !ack_.high()) return;
    made_progress();
    finish();
  }
  void reset() override {
    ++resets;
    if (done_) fail();
    req_.set(0);
  }
  void time_out() override { fail(); }
  std::string pending() const override { return "request 7"; }
  std::string name() const override { return "requester"; }

  bool failed = false;
  unsigned sampled = 0, resets = 0;
  std::function<void()> on_sample;

 private:
  void fail() {
    failed = true;
    finish();
  }
  void finish() {
    done_->complete(domain()->edge_time());
    done_ = nullptr;
    end_work();
  }

  Pin req_, latency_, ack_;
  Completion* done_ = nullptr;
  unsigned latency_value_ = 0;
};

inline sc_core::sc_time ns(double value) { return {value, sc_core::SC_NS}; }

class BlockTest : public testing::Test {
 protected:
  BlockTest() {
    sim.log.set_level(LogLevel::kInfo);
    sim.log.set_sink([this](const LogRecord& record) { log.push_back(Log::format(record)); });
  }
  Block& make(BlockConfig config, const char* plugin = CARDVP_RTL_PROBE) {
    block = std::make_unique<Block>("block", sim, Plugin::load(plugin), std::move(config));
    return *block;
  }
  std::uint64_t get(const char* port) { return block->pin(port).get(); }
  bool logged(const std::string& text) const {
    for (const std::string& line : log)
      if (line.find(text) != std::string::npos) return true;
    return false;
  }
  // A request, awaited by a task; when it was over goes to `at`.
  Task<> request(Requester& requester, unsigned latency, sc_core::sc_time& at) {
    Completion done(sim.scheduler);
    requester.begin(done, latency);
    co_await done;
    at = sc_core::sc_time_stamp();
  }

  Sim sim;
  TaskScope tasks{sim.scheduler};
  std::vector<std::string> log;
  std::unique_ptr<Block> block;
};

}  // namespace cardvp::rtl::test
