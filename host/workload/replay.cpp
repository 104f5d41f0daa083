// replay() of traffic.h.
#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "host/workload/traffic.h"
#include "models/base/sync.h"

namespace cardvp::host {

using sc_core::sc_time;

namespace {

std::string_view view(std::span<const std::byte> frame) {
  return {reinterpret_cast<const char*>(frame.data()), frame.size()};
}

// Takes every frame at the receiving end and finds the one that was sent, which may be one of several alike.
class Comparison final : public ena::PacketSink {
 public:
  Comparison(ena::Driver& driver, const std::vector<ReplayFrame>& frames, ReplayResult& result)
      : driver_(driver), frames_(frames), result_(result), sent_(frames.size()), all_(driver.scheduler()) {
    driver_.add_sink(*this);
  }
  ~Comparison() { driver_.remove_sink(*this); }

  void sent(std::size_t index) {
    sent_[index] = true;
    ++result_.sent;
    waiting_[view(frames_[index].bytes)].push_back(index);
  }
  bool complete() const { return result_.matched == result_.sent; }
  Trigger& changed() { return all_; }
  void list_missing() {
    for (const auto& [bytes, indices] : waiting_)
      result_.missing.insert(result_.missing.end(), indices.begin(), indices.end());
    std::ranges::sort(result_.missing);
  }

  bool receive(unsigned, const ena::RxPacket& packet) override {
    ++result_.received;
    result_.end = packet.time;
    const auto found = waiting_.find(view(packet.frame));
    if (found == waiting_.end()) {
      ++result_.unexpected;
      return true;
    }
    ++result_.matched;
    found->second.pop_back();
    if (found->second.empty()) waiting_.erase(found);
    if (complete()) all_.notify();
    return true;
  }

 private:
  ena::Driver& driver_;
  const std::vector<ReplayFrame>& frames_;
  ReplayResult& result_;
  std::vector<bool> sent_;
  std::unordered_map<std::string_view, std::vector<std::size_t>> waiting_;  // never walked in its own order
  Trigger all_;
};

}  // namespace

Task<ReplayResult> replay(ena::Driver& from, ena::Driver& to, std::vector<ReplayFrame> frames, sc_time patience,
                          std::uint64_t* progress) {
  Scheduler& scheduler = from.scheduler();
  ReplayResult result;
  result.start = result.end = scheduler.now();
  if (!from.running() || !to.running()) {
    result.error = "a driver is not running";
    co_return result;
  }
  Comparison comparison(to, frames, result);
  for (std::size_t index = 0; index < frames.size(); ++index) {
    co_await scheduler.until(result.start + frames[index].time);
    const ena::TxPacket packet{.frame = frames[index].bytes};
    if (from.running() && !from.fits(0, packet)) {
      ++result.too_long;
      continue;
    }
    comparison.sent(index);
    if (!co_await from.transmit(0, packet)) {
      result.error = "the sender's driver stopped running";
      break;
    }
    if (progress) ++*progress;
  }
  co_await from.drain();
  const sc_time deadline = scheduler.now() + patience;
  TaskScope timer(scheduler);
  timer.spawn([](Scheduler& s, Trigger& trigger, sc_time time) -> Task<> {
    co_await s.until(time);
    trigger.notify();
  }(scheduler, comparison.changed(), deadline));
  while (!comparison.complete() && scheduler.now() < deadline) co_await comparison.changed();
  comparison.list_missing();
  co_return result;
}

}  // namespace cardvp::host
