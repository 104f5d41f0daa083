#include "host/nvme/driver.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace cardvp::host::nvme {

using sc_core::sc_time;

Driver::Driver(sc_core::sc_module_name name, Sim& sim, RootComplex& root, const DriverConfig& config)
    : Model(name, sim),
      root_(root),
      config_(config),
      counters_{.commands = counter("commands", "commands"),
                .completions = counter("completions", "commands"),
                .malformed = counter("malformed_completions", "completions"),
                .spurious_interrupts = counter("spurious_interrupts", "interrupts"),
                .lost_interrupts = counter("lost_interrupts", "interrupts"),
                .timeouts = counter("timeouts", "commands"),
                .late = counter("late_completions", "completions")},
      watchdog_(sim.scheduler, *this),
      tasks_(sim.scheduler) {
  tasks_.spawn(watch_link());
  tasks_.spawn(watch_presence());
}

Driver::~Driver() = default;

IoRequest Driver::read(unsigned queue, std::uint64_t lba, std::uint32_t blocks, std::uint64_t address) {
  return transfer(kRead, queue, lba, blocks, address);
}

IoRequest Driver::write(unsigned queue, std::uint64_t lba, std::uint32_t blocks, std::uint64_t address) {
  return transfer(kWrite, queue, lba, blocks, address);
}

IoRequest Driver::transfer(std::uint8_t opcode, unsigned queue, std::uint64_t lba, std::uint32_t blocks,
                           std::uint64_t address) {
  const Status refused = check(queue);
  if (!refused.ok()) return IoRequest(scheduler(), refused);
  const std::uint64_t bytes = std::uint64_t{blocks} << block_shift_;
  if (blocks == 0 || blocks > 0x10000 || bytes > info_.max_transfer || address % 4 != 0)
    return IoRequest(scheduler(), Status::kInvalid);
  Command command;
  command.opcode = opcode;
  command.nsid = config_.namespace_id;
  command.dw10 = static_cast<std::uint32_t>(lba);
  command.dw11 = static_cast<std::uint32_t>(lba >> 32);
  command.dw12 = blocks - 1;
  arm_watchdog();
  return IoRequest(scheduler(), *io_[queue], command, address, bytes);
}

IoRequest Driver::flush(unsigned queue) {
  const Status refused = check(queue);
  if (!refused.ok()) return IoRequest(scheduler(), refused);
  Command command;
  command.opcode = kFlush;
  command.nsid = config_.namespace_id;
  arm_watchdog();
  return IoRequest(scheduler(), *io_[queue], command, 0, 0);
}

CommandRequest Driver::io(unsigned queue, const Command& command, std::uint64_t address, std::uint64_t bytes) {
  const Status refused = check(queue);
  if (!refused.ok()) return CommandRequest(scheduler(), refused);
  if (bytes > info_.max_transfer || address % 4 != 0) return CommandRequest(scheduler(), Status::kInvalid);
  arm_watchdog();
  return CommandRequest(scheduler(), *io_[queue], command, address, bytes);
}

CommandRequest Driver::admin(const Command& command, std::uint64_t address, std::uint64_t bytes) {
  if (state_ == State::kLost) return CommandRequest(scheduler(), Status::kControllerLost);
  if (!admin_) return CommandRequest(scheduler(), Status::kNotStarted);
  if (bytes > kAdminTransfer || address % 4 != 0) return CommandRequest(scheduler(), Status::kInvalid);
  arm_watchdog();
  return CommandRequest(scheduler(), *admin_, command, address, bytes);
}

Status Driver::check(unsigned queue) const {
  if (state_ == State::kRunning) return queue < io_.size() ? Status() : Status::kInvalid;
  return state_ == State::kLost ? Status::kControllerLost : Status::kNotStarted;
}

void Driver::fail_all(Status status) {
  if (admin_) admin_->fail_all(status);
  for (auto& queue : io_) queue->fail_all(status);
}

void Driver::lose(const std::string& why) {
  if (state_ == State::kStopped || state_ == State::kLost) return;
  state_ = State::kLost;
  log_.warning("controller lost", {{"why", why}});
  fail_all(Status::kControllerLost);
  watchdog_.cancel();
}

Task<> Driver::watch_link() {
  for (;;) {
    co_await root_.link_event();
    if (!root_.link_up()) lose("the link went down");
  }
}

Task<> Driver::watch_presence() {
  for (;;) {
    co_await root_.presence_event();
    if (function_ && root_.removals(function_->number()) != removals_) lose("the function was removed");
  }
}

void Driver::arm_watchdog() {
  if (!watchdog_.pending()) watchdog_.call_at(now() + config_.command_timeout);
}

void Driver::watchdog() {
  unsigned expired = 0;
  std::optional<sc_time> oldest;
  const auto look = [&](QueuePair& queue) {
    expired += queue.expire(now() - config_.command_timeout);
    const auto since = queue.oldest();
    if (since && (!oldest || *since < *oldest)) oldest = since;
  };
  if (admin_) look(*admin_);
  for (auto& queue : io_) look(*queue);
  if (expired > 0) {
    log_.warning("commands timed out", {{"commands", expired}, {"timeout", config_.command_timeout.to_string()}});
    tasks_.spawn(check_controller());
  }
  if (oldest) watchdog_.call_at(*oldest + config_.command_timeout);
}

Task<> Driver::check_controller() {
  const std::uint32_t csts = co_await function_->read32(0, reg::kCsts);
  if (csts == ~0u)
    lose("it does not answer");
  else if (csts & kCstsFatal)
    lose("controller fatal status, CSTS = " + hex(csts));
}

Task<Error> Driver::start(PciFunction function) {
  if (state_ != State::kStopped && state_ != State::kLost) co_return failure("start: the driver is in use already");
  function_ = function;
  co_return co_await restart();
}

Task<Error> Driver::reset() {
  if (state_ != State::kRunning && state_ != State::kLost) co_return failure("reset: the driver is not running");
  co_return co_await restart();
}

Task<Error> Driver::restart() {
  Transition transition(state_, State::kStarting, State::kLost);
  fail_all(Status::kAborted);
  removals_ = root_.removals(function_->number());
  Error error;
  try {
    error = co_await bring_up();
  } catch (const std::runtime_error& exhausted) {  // host memory, interrupts
    error = failure(exhausted.what());
  }
  if (!error) transition.settle(State::kRunning);
  co_return error;
}

Task<Error> Driver::stop() {
  if (state_ != State::kRunning) co_return failure("stop: the driver is not running");
  Transition transition(state_, State::kStopping, State::kLost);
  for (auto& queue : io_) {
    for (sc_time pause = kFirstPause; queue->outstanding() > 0; pause = std::min(2 * pause, kLongestPause))
      co_await scheduler().delay(pause);
  }
  if (Error error = co_await delete_queues()) co_return error;

  const std::uint32_t cc = co_await function_->read32(0, reg::kCc);
  function_->write32(0, reg::kCc, (cc & ~kCcShutdownMask) | kCcShutdownNormal);
  if (Error error = co_await wait_status("shutdown", kCstsShutdownMask, kCstsShutdownComplete, kShutdownTimeout))
    co_return error;
  co_await function_->enable_msix(false);
  admin_.reset();
  watchdog_.cancel();
  transition.settle(State::kStopped);
  co_return Error{};
}

Error Driver::failure(const std::string& what) const {
  return {fmt::format("{}: {} (function {}, at {:.3f} ms)", name(), what, function_ ? function_->name() : "none",
                      now().to_seconds() * 1e3)};
}

}  // namespace cardvp::host::nvme
