// A bridge that receives packets from a block's AXI4-Stream transmitter. Packets whose beats come in turns, with TID or
// TDEST of their own, are told apart.
//
//   const Response response = co_await sink.receive(packet);  // the clock runs until there is one
//   sink.on_packet(...);  // or: told of each, while the block's clocking makes the clock run
#pragma once

#include <deque>
#include <functional>

#include "rtl/bridges/stall.h"
#include "rtl/bridges/stream_pins.h"

namespace cardvp::rtl {

struct AxiStreamSinkConfig {
  Stalls stalls;  // of TREADY
  // Packets that wait to be received before TREADY goes low. A block without TREADY loses what comes then.
  std::size_t capacity = 64;
  std::size_t max_packet = 64 * 1024;  // bytes; what comes behind them is lost
};

class AxiStreamSink : public BridgePins {
 public:
  // Throws std::invalid_argument for a width of data that it does not take. Without TLAST each beat is a packet.
  AxiStreamSink(Sim& sim, Block& block, const InterfaceDescription& description,
                const AxiStreamSinkConfig& config = {});

  // Every packet goes to `sink` as soon as it is complete, at the block's time, which may be ahead of the simulated.
  using Sink = std::function<void(StreamPacket&&, sc_core::sc_time)>;
  void on_packet(Sink sink) { sink_ = std::move(sink); }

  class Receiving {
   public:
    explicit Receiving(AxiStreamSink& sink);
    ~Receiving();
    Receiving(const Receiving&) = delete;
    Receiving& operator=(const Receiving&) = delete;

    StreamPacket packet;
    Response response = Response::kOkay;
    Completion done;

   private:
    friend class AxiStreamSink;
    AxiStreamSink& sink_;
  };
  void start(Receiving& receiving);
  Response receive_now(Receiving& receiving);
  Task<Response> receive(StreamPacket& packet);
  std::size_t waiting() const { return packets_.size(); }  // packets that nobody has received yet

  void drive() override;
  void sample() override;
  void reset() override;
  void time_out() override { fail(Response::kTimeOut); }
  std::string pending() const override;
  std::vector<std::string> wakes_on() const override { return {pins_.port("tvalid")}; }
  std::string name() const override { return pins_.description().name; }

 private:
  static constexpr std::size_t kMaxOpen = 16;  // packets whose beats come in turns

  struct Arrived {
    StreamPacket packet;
    sc_core::sc_time at;
  };
  StreamPacket* open_packet();
  void append(StreamPacket& packet);
  void close(StreamPacket& packet);
  void hand_over();
  void update_work();
  void fail(Response response);
  bool full() const { return packets_.size() >= config_.capacity; }

  Sim& sim_;
  Block& block_;
  InterfacePins pins_;
  StreamPins stream_;
  unsigned bus_;
  AxiStreamSinkConfig config_;
  Stall stall_;
  std::vector<StreamPacket> open_;
  std::deque<Arrived> packets_;
  std::deque<Receiving*> receivers_;
  Sink sink_;
  std::uint32_t track_;
  Counter& received_;
  Counter& bytes_;
  Counter& lost_;
};

}  // namespace cardvp::rtl
