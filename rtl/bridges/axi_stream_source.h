// A bridge that sends packets to a block's AXI4-Stream receiver.
//
//   co_await source.send(packet);                                   // until the block has taken all of it
//   AxiStreamSource::Sending sending(source, packet);               // where nobody can wait
//   source.send_now(sending);
#pragma once

#include <deque>

#include "rtl/bridges/stall.h"
#include "rtl/bridges/stream_pins.h"

namespace cardvp::rtl {

class AxiStreamSource : public BridgePins {
 public:
  // Throws std::invalid_argument for a width of data that it does not take.
  AxiStreamSource(Sim& sim, Block& block, const InterfaceDescription& description, const Stalls& stalls = {});

  // A packet on its way. If it is given up after its first beat, the rest is sent all the same.
  class Sending {
   public:
    Sending(AxiStreamSource& source, const StreamPacket& packet_to_send);
    ~Sending();
    Sending(const Sending&) = delete;
    Sending& operator=(const Sending&) = delete;

    const StreamPacket& packet;  // must live as long
    Response response = Response::kOkay;
    Completion done;

   private:
    friend class AxiStreamSource;
    AxiStreamSource& source_;
  };
  // An empty packet is one beat without a byte. kRefused: one that is empty or does not fill its last beat, for a block
  // without TKEEP.
  void start(Sending& sending);
  Response send_now(Sending& sending);
  Task<Response> send(const StreamPacket& packet);

  void drive() override;
  void sample() override;
  void reset() override;
  void time_out() override { fail(Response::kTimeOut); }
  std::string pending() const override;
  std::string name() const override { return pins_.description().name; }

 private:
  struct Entry {
    Sending* sending;  // null once it was given up
    const StreamPacket* packet;
  };

  bool fits(const StreamPacket& packet) const;
  void present();
  void finish_packet();
  void give_up(const Sending& sending);
  void answer(Sending& sending, Response response);
  void fail(Response response);

  Sim& sim_;
  Block& block_;
  InterfacePins pins_;
  StreamPins stream_;
  unsigned bus_;
  Stall stall_;
  std::deque<Entry> queue_;
  StreamPacket orphan_;   // the first of the queue, if it was given up
  std::size_t sent_ = 0;  // bytes of the first
  std::size_t beat_ = 0;  // bytes on the pins
  bool offered_ = false;  // TVALID is high
  bool fresh_ = true;     // no TVALID in the first cycle after reset (2.7.2)
  std::uint32_t track_;
  Counter& packets_;
  Counter& bytes_;
};

}  // namespace cardvp::rtl
