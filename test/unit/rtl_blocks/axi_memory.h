// The memory behind an AXI4 manager of 64 bits with one ID: takes its bursts, checks them, and answers them in order,
// after random times.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

namespace cardvp::rtl_blocks {

class AxiMemory {
 public:
  // The channels' signals; the fields in the first group are the manager's outputs, sampled at the clock's rise.
  struct Pins {
    bool arvalid = false, rready = false, awvalid = false, wvalid = false, bready = false, wlast = false;
    std::uint64_t araddr = 0, awaddr = 0, wdata = 0;
    unsigned arlen = 0, arsize = 0, arburst = 0, awlen = 0, awsize = 0, awburst = 0, wstrb = 0;

    bool arready = false, rvalid = false, rlast = false, awready = false, wready = false, bvalid = false;
    std::uint64_t rdata = 0;
    unsigned rresp = 0, bresp = 0;
  };
  struct Fault {
    std::uint64_t first, last;  // addresses
  };

  std::uint64_t base = 0;
  std::vector<std::uint8_t> bytes;
  std::vector<Fault> bad_reads, bad_writes;     // SLVERR; outside of memory: DECERR
  unsigned pauses = 0;                          // of 100 cycles, on each channel
  unsigned latency = 0;                         // most cycles until an answer,
  unsigned write_latency = 0;                   // and more of them until a write's
  std::size_t most_reads = 0, most_writes = 0;  // outstanding at once, seen
  std::uint64_t read_beats = 0, write_beats = 0;

  // Sets its outputs for the next cycle.
  void drive(Pins& pins, std::mt19937& random);
  // What the cycle did; broken rules are added to `violations`.
  void sample(const Pins& pins, std::mt19937& random, std::vector<std::string>& violations);

 private:
  struct Burst {
    std::uint64_t address;
    unsigned beats;
    unsigned wait;  // cycles
    unsigned response = 0;
  };
  static bool hit(const std::vector<Fault>& faults, std::uint64_t address);
  bool inside(std::uint64_t address) const { return address >= base && address - base + 8 <= bytes.size(); }
  unsigned response(std::uint64_t address, const std::vector<Fault>& faults) const;
  void check(const char* channel, std::uint64_t address, unsigned length, unsigned size, unsigned burst,
             std::vector<std::string>& violations) const;
  void take_write_beat(const Pins& pins, std::mt19937& random, std::vector<std::string>& violations);

  std::deque<Burst> reads_, writes_, responses_;
  bool offers_read_ = false, offers_response_ = false;
};

}  // namespace cardvp::rtl_blocks
