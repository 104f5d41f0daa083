// A bridge to a block's AXI4 or AXI4-Lite subordinate (IHI 0022).
//
// AXI4: bursts of any type, narrow and unaligned ones too, several outstanding. Write data may be on its way before its
// address is taken. Answers of different IDs may come in any order. Reads and writes are two queues, which nothing
// orders: who wants that awaits the first before the second.
//
// AXI4-Lite, or an AXI4 interface of which optional signals are missing, is the same with bursts of one beat, of the
// full width, and with one outstanding in each direction.
#pragma once

#include <array>

#include "rtl/bridges/axi_channel.h"
#include "rtl/bridges/part_queue.h"
#include "rtl/bridges/stall.h"

namespace cardvp::rtl {

struct AxiTargetConfig {
  std::size_t outstanding = 4;  // bursts, in each direction; of AXI4
  Stalls stalls;                // of every valid and ready that the bridge drives
};

class AxiTarget : public TargetBridge {
 public:
  // Throws std::invalid_argument for a width of data that it does not take.
  AxiTarget(Sim& sim, Block& block, const InterfaceDescription& description, const AxiTargetConfig& config = {});

  void drive() override;
  void sample() override;
  void reset() override;
  void time_out() override;
  std::string pending() const override;

 private:
  Response accept(Transaction& transaction) override;
  void abandon(Transaction& transaction) override;

  PartLimits limits(const AddressPins& address, const AxiTargetConfig& config) const;
  void offer_address(AddressPins& address, PartQueue& queue, std::size_t next, bool& offered);
  void drive_write_data();
  void sample_write_data();
  void sample_write_response();
  void sample_read_data();
  void finish(PartQueue& queue, std::size_t index);
  std::span<std::uint8_t> lanes() { return std::span(data_).first(bus_); }

  AddressPins aw_, ar_;
  Handshake w_, b_, r_;
  Pin wdata_, wstrb_, wlast_, bid_, bresp_, rid_, rdata_, rresp_, rlast_;
  unsigned bus_;
  Stall stall_;
  PartQueue writes_, reads_;
  std::size_t next_aw_ = 0, next_w_ = 0, next_ar_ = 0;                // parts whose address or data is to be sent
  bool aw_offered_ = false, w_offered_ = false, ar_offered_ = false;  // valid is high
  bool fresh_ = true;  // no valid in the first cycle after reset (A3.1.2)
  std::array<std::uint8_t, kMaxDataBytes> data_;
};

}  // namespace cardvp::rtl
