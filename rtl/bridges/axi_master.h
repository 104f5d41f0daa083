// A bridge to a block that is an AXI4 or AXI4-Lite manager: it answers the block's reads and writes from a memory (IHI
// 0022).
//
// A read is performed when its address is taken, a write when its last data is; the answer comes `latency` cycles, or
// what the memory takes if that is longer, after. Answers come in the order of the requests. Write data is taken once
// its address was.
//
// What the block may not do is answered, not believed: a burst that AXI forbids (Burst::fault) reaches no memory and
// gets SLVERR in as many beats as it asked for; a write whose WLAST is not at its last beat gets SLVERR. Both are
// counted. Beyond the memory the block gets the memory's error, in the beats concerned.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "rtl/bridges/axi_channel.h"
#include "rtl/bridges/master_memory.h"
#include "rtl/bridges/stall.h"

namespace cardvp::rtl {

struct AxiMasterConfig {
  unsigned read_latency = 1;    // cycles
  unsigned write_latency = 1;   // cycles
  std::size_t outstanding = 8;  // bursts, in each direction
  Stalls stalls;                // of every valid and ready that the bridge drives
};

class AxiMaster : public BridgePins {
 public:
  // Throws std::invalid_argument for a width of data that it does not take.
  AxiMaster(Sim& sim, Block& block, const InterfaceDescription& description, MasterMemory& memory,
            const AxiMasterConfig& config = {});

  void drive() override;
  void sample() override;
  void reset() override;
  // The block does not take its answers, or does not send its data: nobody here waits for that.
  void time_out() override {}
  std::string pending() const override;
  std::vector<std::string> wakes_on() const override;
  std::string name() const override { return pins_.description().name; }

 private:
  struct Request {
    Burst burst;
    bool legal = true;
    unsigned beats = 0;     // served
    std::uint64_t due = 0;  // cycle of the first answer
    Response response = Response::kOkay;
    // Of a read a beat's lanes each; of a write the bytes that are to be written, in the order of the runs.
    std::vector<std::uint8_t> data;
    std::vector<Response> responses;  // of a read's beats
  };
  struct Run {  // of bytes to write
    std::uint64_t address;
    std::size_t size;
  };
  // Requests in order; the storage of what is over is used again.
  class Requests {
   public:
    Request& add(const Burst& burst);
    Request& front() { return *live_.front(); }
    const Request& front() const { return *live_.front(); }
    void pop();
    void clear();
    bool empty() const { return live_.empty(); }
    std::size_t size() const { return live_.size(); }

   private:
    std::deque<std::unique_ptr<Request>> live_;
    std::vector<std::unique_ptr<Request>> free_;
  };

  Request& take(const AddressPins& address, Requests& requests);
  void read(Request& request);
  void read_beats(Request& request, sc_core::sc_time& delay);
  void sample_write_data();
  void collect(Request& request);
  void write(Request& request);
  void drive_read_data();
  void drive_write_response();
  void sample_responses();
  sc_core::sc_time ahead() const;
  // The cycle of an answer whose memory access took until `delay` ahead of the simulated time.
  std::uint64_t due(const sc_core::sc_time& delay, unsigned latency) const;
  bool is_due(const Requests& requests) const;

  InterfacePins pins_;
  Block& block_;
  MasterMemory& memory_;
  AxiMasterConfig config_;
  AddressPins aw_, ar_;
  Handshake w_, b_, r_;
  Pin wdata_, wstrb_, wlast_, bid_, bresp_, rid_, rdata_, rresp_, rlast_;
  unsigned bus_;
  Stall stall_;
  Requests reads_, writes_, written_;  // to be answered; to get their data; to be answered
  std::vector<Run> runs_;              // of the write that gets its data
  bool r_offered_ = false, b_offered_ = false;
  std::uint32_t track_;
  Counter& bytes_read_;
  Counter& bytes_written_;
  Counter& illegal_;
  Counter& errors_;
};

}  // namespace cardvp::rtl
