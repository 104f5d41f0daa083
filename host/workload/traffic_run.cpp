#include "host/workload/traffic_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "models/net/checksum.h"

namespace cardvp::host {

using sc_core::sc_time;

namespace {

constexpr unsigned kMostFlows = 50000;                 // source ports
constexpr std::uint64_t kResponseSeed = 0x7265706c79;  // responses differ from requests

std::size_t most_frame(const ena::Driver& driver) { return driver.config().mtu + net::kEthernetBytes; }

}  // namespace

TrafficRun::TrafficRun(const TrafficEnd& from, const TrafficEnd& to, const TrafficConfig& config,
                       std::uint64_t* progress, TrafficResult& result)
    : from_(from),
      to_(to),
      config_(config),
      progress_(progress),
      result_(result),
      content_(config.seed),
      response_content_(config.seed ^ kResponseSeed),
      changed_(from.driver->scheduler()),
      unsent_added_(from.driver->scheduler()),
      expire_later_(from.driver->scheduler(), *this) {}

// Where frames of this end for `target` go.
Task<std::optional<net::MacAddress>> TrafficRun::resolve(Neighbour& neighbour, const TrafficEnd& end,
                                                         net::IpAddress target) {
  const bool remote = !end.router.is_zero() && !end.subnet.contains(target);
  co_return co_await neighbour.resolve(remote ? end.router : target);
}

Task<std::string> TrafficRun::prepare() {
  if (!from_.driver->running() || !to_.driver->running()) co_return "a driver is not running";
  if (from_.address.is_v4() != to_.address.is_v4()) co_return "the ends' addresses are not of one family";
  if (config_.flows == 0 || config_.flows > kMostFlows) co_return fmt::format("{} flows", config_.flows);
  if (config_.count == 0 && config_.duration == sc_core::SC_ZERO_TIME) co_return "neither count nor duration";
  if (config_.burst == 0 || config_.depth == 0) co_return "a burst or a depth of 0";
  if (!(config_.packets_per_second >= 0)) co_return "a negative rate";
  const bool ipv6 = !from_.address.is_v4();
  const std::size_t most = std::min(most_frame(*from_.driver), most_frame(*to_.driver));
  if (std::string why = TrafficFrames::refuse(config_, ipv6, most); !why.empty()) co_return why;
  if (config_.segment > 0 && !(from_.driver->info().tx_offloads & (ipv6 ? ena::kTxTsoIpv6 : ena::kTxTsoIpv4)))
    co_return "the sender has no segmentation offload";

  flows_.resize(config_.flows);
  near_.emplace(*from_.driver, from_.own.is_zero() ? from_.address : from_.own);
  far_.emplace(*to_.driver, to_.address);
  const auto there = co_await resolve(*near_, from_, to_.address);
  std::optional<net::MacAddress> back;
  if (requests()) back = co_await resolve(*far_, to_, from_.address);
  result_.unresolved = !there || (requests() && !back);
  if (result_.unresolved)
    co_return fmt::format("nobody answers for {}", there ? from_.address.text() : to_.address.text());

  const TrafficFrames::End near{from_.driver->info().mac, from_.address};
  const TrafficFrames::End far{to_.driver->info().mac, to_.address};
  frames_.emplace(config_, content_, near, TrafficFrames::End{*there, to_.address}, false);
  if (requests()) responses_.emplace(config_, response_content_, far, TrafficFrames::End{*back, from_.address}, true);
  queues_ = std::max(from_.driver->info().queues, 1u);
  co_return std::string();
}

// Packets that flow `number` is to send. Each has its share, so that none waits for what others have left.
std::uint64_t TrafficRun::quota(unsigned number) const {
  if (config_.count == 0) return ~0ull;
  return config_.count / config_.flows + (number < config_.count % config_.flows ? 1 : 0);
}

// Whether there is something to be sent, by those who have sent `sent` of `count` packets.
bool TrafficRun::more(std::uint64_t sent, std::uint64_t count) const {
  if (!from_.driver->alive()) return false;
  return config_.count > 0 ? sent < count : scheduler().now() < stop_at_;
}

// False: there is no room, or the driver is not running.
bool TrafficRun::send(unsigned number) {
  Flow& flow = flows_[number];
  const sc_time now = scheduler().now();
  if (!from_.driver->try_transmit(number % queues_, frames_->make(number, flow.sent, now))) return false;
  if (config_.segment > 0) {
    if (flow.times.empty()) flow.times.resize(kTimesKept);
    flow.times[flow.sent % kTimesKept] = now;
  }
  if (requests()) {
    ++flow.outstanding;
    pending_.push_back({now, flow.sent, number});
    if (!expire_later_.pending()) expire_later_.call_at(pending_.front().time + config_.patience);
  }
  const unsigned pieces = frames_->pieces_of(flow.sent);
  result_.sent += pieces;
  result_.sent_bytes += frames_->bytes_of(flow.sent);
  flow.pieces += pieces;
  ++flow.sent;
  if (progress_) *progress_ += pieces;
  return true;
}

void TrafficRun::end_lane() {
  if (--running_ == 0) changed_.notify();
}

// As fast as it goes: the flows of one queue, in turn.
Task<> TrafficRun::lane(unsigned queue, unsigned lanes) {
  std::uint64_t sent = 0, count = 0;
  unsigned flows = 0;
  for (unsigned flow = queue; flow < config_.flows; flow += lanes, ++flows) count += config_.count ? quota(flow) : 0;
  unsigned idle = 0;  // flows in a row that may not send now
  for (unsigned flow = queue; more(sent, count);) {
    if (may_send(flow)) {
      if (!send(flow)) {
        co_await from_.driver->room();
        continue;
      }
      ++sent;
      idle = 0;
    } else if (++idle >= flows) {
      co_await changed_;
      idle = 0;
    }
    flow = flow + lanes < config_.flows ? flow + lanes : queue;
  }
  end_lane();
}

// At a rate: bursts of all flows in turn. What could not be sent in time is sent as soon as it can be.
Task<> TrafficRun::pace() {
  const sc_time start = scheduler().now();
  std::uint64_t sent = 0;
  const auto going_on = [&] { return more(sent, config_.count); };
  for (unsigned flow = 0; going_on();) {
    const double due = static_cast<double>(sent) / config_.packets_per_second;
    co_await scheduler().until(start + sc_time(due, sc_core::SC_SEC));
    for (unsigned n = 0; n < config_.burst && going_on(); ++n) {
      while (going_on() && !may_send(flow)) co_await changed_;
      while (going_on() && !send(flow)) co_await from_.driver->room();
      ++sent;
      flow = (flow + 1) % config_.flows;
    }
  }
  end_lane();
}

Task<> TrafficRun::run() {
  result_.start = result_.end = scheduler().now();
  stop_at_ = scheduler().now() + config_.duration;
  if (requests()) {
    responder_.emplace(*this, *to_.driver, &TrafficRun::receive_request);
    sink_.emplace(*this, *from_.driver, &TrafficRun::receive);
  } else {
    sink_.emplace(*this, *to_.driver, &TrafficRun::receive);
  }
  TaskScope scope(scheduler());
  if (requests()) scope.spawn(respond());
  if (config_.packets_per_second > 0) {
    running_ = 1;
    scope.spawn(pace());
  } else {
    const unsigned lanes = std::min(queues_, config_.flows);
    running_ = lanes;
    for (unsigned queue = 0; queue < lanes; ++queue) scope.spawn(lane(queue, lanes));
  }
  while (running_ > 0) co_await changed_;
  co_await from_.driver->drain();
  co_await await_arrivals();
  expire_later_.cancel();
  result_.lost = result_.sent - std::min(result_.sent, result_.received);
  if (!from_.driver->alive()) result_.error = "the sender's driver stopped running";
}

// Until everything is there, or patience is at its end.
Task<> TrafficRun::await_arrivals() {
  const sc_time deadline = scheduler().now() + config_.patience;
  TaskScope timer(scheduler());
  timer.spawn([](Scheduler& s, Trigger& trigger, sc_time time) -> Task<> {
    co_await s.until(time);
    trigger.notify();
  }(scheduler(), changed_, deadline));
  while (result_.received < result_.sent && scheduler().now() < deadline) co_await changed_;
}

// Requests whose time is up free their place.
void TrafficRun::expire() {
  const sc_time now = scheduler().now();
  while (!pending_.empty()) {
    const Request& request = pending_.front();
    if (!flows_[request.flow].arrivals.has(request.number)) {
      if (request.time + config_.patience > now) return expire_later_.call_at(request.time + config_.patience);
      expired_.emplace(request.flow, request.number);
      --flows_[request.flow].outstanding;
      changed_.notify();
    }
    pending_.pop_front();
  }
}

void TrafficRun::check(const TrafficFrames& frames, unsigned flow, const TrafficFrames::Arrival& arrival,
                       const ena::RxPacket& packet) {
  if (!config_.verify) return;
  bool bad = packet.ip_bad || packet.l4_bad;
  if (!packet.l4_good && !packet.l4_bad) {
    // The device did not look, so the host does.
    const net::Parsed parsed = net::parse(packet.frame, net::Checks::kIpChecksum);
    bad = bad || parsed.fault != net::Fault::kNone || net::check_l4(packet.frame, parsed) != net::L4Check::kGood;
  }
  if (bad) ++result_.bad_checksums;
  const std::string difference = frames.compare(flow, arrival, packet.frame);
  if (difference.empty()) return;
  ++result_.corrupted;
  if (result_.first_corruption.empty()) result_.first_corruption = difference;
}

sc_time TrafficRun::latency(unsigned flow, const TrafficFrames::Arrival& arrival, sc_time now) const {
  if (config_.segment > 0) return now - flows_[flow].times[arrival.number % kTimesKept];
  // The stamp's 48 bits.
  return sc_time::from_value((now.value() - arrival.sent.value()) & ((1ull << 48) - 1));
}

bool TrafficRun::receive(unsigned queue, const ena::RxPacket& packet) {
  TrafficFrames& frames = requests() ? *responses_ : *frames_;
  const auto number = frames.flow_of(packet.frame);
  if (!number) return false;
  Flow& flow = flows_[*number];
  const auto arrival = frames.identify(packet.frame, flow.arrivals.next());
  if (!arrival || arrival->piece >= flow.pieces) {
    ++result_.unexpected;
    return true;
  }
  check(frames, *number, *arrival, packet);
  const Arrivals::Kind kind = flow.arrivals.add(arrival->piece);
  if (kind == Arrivals::Kind::kDuplicate) {
    ++result_.duplicates;
    return true;
  }
  if (kind == Arrivals::Kind::kLate) ++result_.reordered;
  ++result_.received;
  result_.received_bytes += packet.frame.size();
  ++result_.by_queue[queue];
  result_.end = std::max(result_.end, packet.time);
  if (config_.segment == 0 || flow.sent - arrival->number <= kTimesKept)
    result_.latency.add(latency(*number, *arrival, packet.time).value());
  if (requests() && expired_.erase({*number, arrival->number}) == 0) {
    --flow.outstanding;
    changed_.notify();
  }
  if (running_ == 0 && result_.received == result_.sent) changed_.notify();
  return true;
}

bool TrafficRun::receive_request(unsigned queue, const ena::RxPacket& packet) {
  const auto number = frames_->flow_of(packet.frame);
  if (!number) return false;
  Flow& flow = flows_[*number];
  const auto arrival = frames_->identify(packet.frame, flow.requests.next());
  if (!arrival || arrival->number >= flow.sent) {
    ++result_.unexpected;
    return true;
  }
  check(*frames_, *number, *arrival, packet);
  if (flow.requests.add(arrival->number) == Arrivals::Kind::kDuplicate) {
    ++result_.duplicates;
    return true;
  }
  const Response response{arrival->sent, arrival->number, *number, queue};
  if (!unsent_.empty() || !try_respond(response)) {
    unsent_.push_back(response);
    unsent_added_.notify();
  }
  return true;
}

bool TrafficRun::try_respond(const Response& response) {
  return to_.driver->try_transmit(response.queue, responses_->make(response.flow, response.number, response.time));
}

// Sends the responses for which there was no room.
Task<> TrafficRun::respond() {
  for (;;) {
    if (unsent_.empty()) {
      co_await unsent_added_;
    } else if (try_respond(unsent_.front())) {
      unsent_.pop_front();
    } else {
      co_await to_.driver->room();
    }
  }
}

}  // namespace cardvp::host
