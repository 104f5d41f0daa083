// A Block over a Verilated class with the port names of rtl/blocks; ports that a class does not have are left out.
#pragma once

#include <cstring>

#include "test/unit/rtl_blocks/block.h"
#include "verilated.h"

namespace cardvp::rtl_blocks {

template <class Top>
class VerilatedBlock : public Block {
 public:
  VerilatedBlock() {
    top_.rst_n = 0;
    for (unsigned i = 0; i < 3; ++i) cycle();
    top_.rst_n = 1;
    cycle();
  }
  ~VerilatedBlock() override { top_.final(); }

  void cycle() override {
    drive();
    top_.clk = 0;
    top_.eval();
    sample();
    top_.clk = 1;
    top_.eval();
    ++cycles;
  }

  bool write(std::uint32_t address, std::uint32_t value, unsigned strobes) override {
    if constexpr (kRegisterPort) {
      top_.cs = top_.we = 1;
      top_.address = address / 4;
      top_.write_data = value;
      cycle();
      top_.cs = top_.we = 0;
      return true;
    } else {
      top_.s_axil_awvalid = top_.s_axil_wvalid = 1;
      top_.s_axil_awaddr = address;
      top_.s_axil_wdata = value;
      top_.s_axil_wstrb = strobes;
      wait_for([&] { return top_.s_axil_awready && top_.s_axil_wready; });
      top_.s_axil_awvalid = top_.s_axil_wvalid = 0;
      top_.s_axil_bready = 1;
      unsigned response = 0;
      wait_for([&] {
        response = top_.s_axil_bresp;
        return top_.s_axil_bvalid != 0;
      });
      top_.s_axil_bready = 0;
      return response == 0;
    }
  }

  std::optional<std::uint32_t> read(std::uint32_t address) override {
    std::uint32_t value = 0;
    if constexpr (kRegisterPort) {
      top_.cs = 1;
      top_.we = 0;
      top_.address = address / 4;
      wait_for([&] {
        value = top_.read_data;
        return true;
      });
      top_.cs = 0;
      return value;
    } else {
      top_.s_axil_arvalid = 1;
      top_.s_axil_araddr = address;
      wait_for([&] { return top_.s_axil_arready != 0; });
      top_.s_axil_arvalid = 0;
      top_.s_axil_rready = 1;
      unsigned response = 0;
      wait_for([&] {
        value = top_.s_axil_rdata;
        response = top_.s_axil_rresp;
        return top_.s_axil_rvalid != 0;
      });
      top_.s_axil_rready = 0;
      if (response != 0) return std::nullopt;
      return value;
    }
  }

  bool has_register_port() const override { return kRegisterPort; }

  bool irq() const override {
    if constexpr (requires { top_.irq; })
      return top_.irq != 0;
    else
      return false;
  }

 private:
  static constexpr bool kRegisterPort = requires(Top & top) { top.cs; };
  static constexpr bool kStreamIn = requires(Top & top) { top.s_axis_tdata; };
  static constexpr bool kStreamOut = requires(Top & top) { top.m_axis_tdata; };
  static constexpr bool kManager = requires(Top & top) { top.m_axi_araddr; };

  // Cycles until `happens` is true just ahead of the clock's rise.
  template <class Condition>
  void wait_for(Condition happens) {
    for (unsigned i = 0; i < 1000; ++i) {
      drive();
      top_.clk = 0;
      top_.eval();
      const bool there = happens();
      sample();
      top_.clk = 1;
      top_.eval();
      ++cycles;
      if (there) return;
    }
    violations.push_back("no answer of the registers");
  }

  void drive() {
    if constexpr (kStreamIn) {
      if (!offered_) offered_ = !to_send.empty() && random() % 100 >= source_pauses;
      top_.s_axis_tvalid = offered_;
      if (offered_) {
        const Beat& beat = to_send.front();
        std::memcpy(static_cast<void*>(&top_.s_axis_tdata), beat.data.data(), sizeof top_.s_axis_tdata);
        top_.s_axis_tkeep = beat.keep;
        top_.s_axis_tlast = beat.last;
      }
    }
    if constexpr (kStreamOut) top_.m_axis_tready = random() % 100 >= sink_pauses;
    if constexpr (kManager) drive_memory();
  }

  void sample() {
    if constexpr (kStreamIn)
      if (top_.s_axis_tvalid && top_.s_axis_tready) {
        to_send.pop_front();
        offered_ = false;
      }
    if constexpr (kStreamOut) sample_out();
    if constexpr (kManager) sample_memory();
  }

  void sample_out() {
    Beat beat;
    std::memcpy(beat.data.data(), static_cast<const void*>(&top_.m_axis_tdata), sizeof top_.m_axis_tdata);
    beat.keep = top_.m_axis_tkeep;
    beat.last = top_.m_axis_tlast;
    if (held_ &&
        (!top_.m_axis_tvalid || beat.data != held_->data || beat.keep != held_->keep || beat.last != held_->last))
      violations.push_back("m_axis changed while it waited");
    held_.reset();
    if (!top_.m_axis_tvalid) return;
    if (top_.m_axis_tready)
      received.push_back(beat);
    else
      held_ = beat;
  }

  void drive_memory() {
    memory.drive(pins_, random);
    top_.m_axi_arready = pins_.arready;
    top_.m_axi_rvalid = pins_.rvalid;
    top_.m_axi_rdata = pins_.rdata;
    top_.m_axi_rresp = pins_.rresp;
    top_.m_axi_rlast = pins_.rlast;
    top_.m_axi_awready = pins_.awready;
    top_.m_axi_wready = pins_.wready;
    top_.m_axi_bvalid = pins_.bvalid;
    top_.m_axi_bresp = pins_.bresp;
  }

  void sample_memory() {
    const AxiMemory::Pins before = pins_;
    pins_.arvalid = top_.m_axi_arvalid;
    pins_.araddr = top_.m_axi_araddr;
    pins_.arlen = top_.m_axi_arlen;
    pins_.arsize = top_.m_axi_arsize;
    pins_.arburst = top_.m_axi_arburst;
    pins_.rready = top_.m_axi_rready;
    pins_.awvalid = top_.m_axi_awvalid;
    pins_.awaddr = top_.m_axi_awaddr;
    pins_.awlen = top_.m_axi_awlen;
    pins_.awsize = top_.m_axi_awsize;
    pins_.awburst = top_.m_axi_awburst;
    pins_.wvalid = top_.m_axi_wvalid;
    pins_.wdata = top_.m_axi_wdata;
    pins_.wstrb = top_.m_axi_wstrb;
    pins_.wlast = top_.m_axi_wlast;
    pins_.bready = top_.m_axi_bready;
    if (read_waits_ && (!pins_.arvalid || pins_.araddr != before.araddr || pins_.arlen != before.arlen))
      violations.push_back("ar changed while it waited");
    if (write_waits_ && (!pins_.awvalid || pins_.awaddr != before.awaddr || pins_.awlen != before.awlen))
      violations.push_back("aw changed while it waited");
    if (data_waits_ && (!pins_.wvalid || pins_.wdata != before.wdata || pins_.wstrb != before.wstrb))
      violations.push_back("w changed while it waited");
    read_waits_ = pins_.arvalid && !pins_.arready;
    write_waits_ = pins_.awvalid && !pins_.awready;
    data_waits_ = pins_.wvalid && !pins_.wready;
    memory.sample(pins_, random, violations);
  }

  VerilatedContext context_;
  Top top_{&context_};
  bool offered_ = false;
  std::optional<Beat> held_;
  AxiMemory::Pins pins_;
  bool read_waits_ = false, write_waits_ = false, data_waits_ = false;
};

}  // namespace cardvp::rtl_blocks
