#include "host/workload/traffic.h"

#include <stdexcept>

#include <fmt/format.h>

#include "host/workload/traffic_run.h"

namespace cardvp::host {

std::string TrafficResult::verdict(const TrafficConfig& config) const {
  using Expect = TrafficConfig::Expect;
  if (config.expect == Expect::kNone && unresolved) return {};
  if (!error.empty()) return error;
  if (corrupted > 0) return fmt::format("{} packets were corrupted: {}", corrupted, first_corruption);
  if (bad_checksums > 0) return fmt::format("{} packets had bad checksums", bad_checksums);
  if (unexpected > 0) return fmt::format("{} packets had never been sent", unexpected);
  if (duplicates > 0) return fmt::format("{} packets came twice", duplicates);
  if (sent == 0) return "nothing was sent";
  if (config.expect == Expect::kNone && received > 0)
    return fmt::format("{} of {} packets came, none should have", received, sent);
  if (config.expect == Expect::kSome && received == 0) return fmt::format("none of {} packets came", sent);
  if (config.expect == Expect::kAll && lost > 0) return fmt::format("{} of {} packets were lost", lost, sent);
  if (config.expect_order && reordered > 0) return fmt::format("{} packets came out of order", reordered);
  return {};
}

Task<TrafficResult> run(TrafficEnd from, TrafficEnd to, const TrafficConfig& wanted, std::uint64_t* progress) {
  const TrafficConfig config = wanted;  // the caller's may be gone before the run ends
  TrafficResult result;
  result.start = result.end = from.driver->scheduler().now();
  TrafficRun run(from, to, config, progress, result);
  try {
    result.error = co_await run.prepare();
  } catch (const std::runtime_error& exhausted) {  // memory
    result.error = exhausted.what();
  }
  if (result.error.empty()) co_await run.run();
  co_return result;
}

}  // namespace cardvp::host
