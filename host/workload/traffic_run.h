// One run of a traffic workload: who sends, who receives, and what was seen.
#pragma once

#include <deque>
#include <optional>
#include <set>

#include "host/workload/arrivals.h"
#include "host/workload/neighbour.h"
#include "host/workload/traffic_frames.h"

namespace cardvp::host {

class TrafficRun {
 public:
  TrafficRun(const TrafficEnd& from, const TrafficEnd& to, const TrafficConfig& config, std::uint64_t* progress,
             TrafficResult& result);

  // Why it cannot run; empty: it can.
  Task<std::string> prepare();
  Task<> run();

 private:
  // Gives an end's packets to the run.
  class Sink final : public ena::PacketSink {
   public:
    using Handler = bool (TrafficRun::*)(unsigned queue, const ena::RxPacket& packet);
    Sink(TrafficRun& run, ena::Driver& driver, Handler handler) : run_(run), driver_(driver), handler_(handler) {
      driver_.add_sink(*this);
    }
    ~Sink() { driver_.remove_sink(*this); }
    bool receive(unsigned queue, const ena::RxPacket& packet) override { return (run_.*handler_)(queue, packet); }

   private:
    TrafficRun& run_;
    ena::Driver& driver_;
    Handler handler_;
  };
  struct Flow {
    std::uint64_t sent = 0;               // packets given to the driver
    std::uint64_t pieces = 0;             // as which they arrive
    std::uint64_t outstanding = 0;        // requests
    Arrivals arrivals;                    // of packets, or of responses
    Arrivals requests;                    // at the responder
    std::vector<sc_core::sc_time> times;  // of the last sends, by number: where packets have no stamp
  };
  struct Request {
    sc_core::sc_time time;
    std::uint64_t number;
    unsigned flow;
  };
  struct Response {
    sc_core::sc_time time;  // the request's stamp
    std::uint64_t number;
    unsigned flow, queue;
  };

  Scheduler& scheduler() const { return from_.driver->scheduler(); }
  bool requests() const { return config_.type == TrafficConfig::Type::kRequests; }
  Task<std::optional<net::MacAddress>> resolve(Neighbour& neighbour, const TrafficEnd& end, net::IpAddress target);
  std::uint64_t quota(unsigned flow) const;
  bool more(std::uint64_t sent, std::uint64_t count) const;
  bool may_send(unsigned number) const {
    const Flow& flow = flows_[number];
    return flow.sent < quota(number) && (!requests() || flow.outstanding < config_.depth);
  }
  bool send(unsigned flow);
  Task<> lane(unsigned queue, unsigned lanes);
  Task<> pace();
  Task<> respond();
  Task<> await_arrivals();
  void expire();
  void end_lane();

  bool receive(unsigned queue, const ena::RxPacket& packet);          // a packet at `to`, or a response at `from`
  bool receive_request(unsigned queue, const ena::RxPacket& packet);  // at the responder
  bool try_respond(const Response& response);
  void check(const TrafficFrames& frames, unsigned flow, const TrafficFrames::Arrival& arrival,
             const ena::RxPacket& packet);
  sc_core::sc_time latency(unsigned flow, const TrafficFrames::Arrival& arrival, sc_core::sc_time now) const;

  static constexpr std::size_t kTimesKept = 4096;  // sends of a flow whose packets have no stamp

  TrafficEnd from_, to_;
  const TrafficConfig& config_;
  std::uint64_t* progress_;
  TrafficResult& result_;
  TrafficContent content_, response_content_;
  std::optional<TrafficFrames> frames_, responses_;
  std::vector<Flow> flows_;
  unsigned queues_ = 1;
  sc_core::sc_time stop_at_;
  unsigned running_ = 0;         // lanes
  std::deque<Request> pending_;  // requests in the order in which they were sent, answered ones among them
  std::deque<Response> unsent_;  // responses
  std::set<std::pair<unsigned, std::uint64_t>> expired_;  // requests that were given up
  Trigger changed_;
  Trigger unsent_added_;
  Callback<&TrafficRun::expire> expire_later_;
  std::optional<Neighbour> near_, far_;
  std::optional<Sink> sink_, responder_;
};

}  // namespace cardvp::host
