// HostProgram: one workload.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "scenarios/attestation.h"
#include "scenarios/host_program.h"
#include "scenarios/operator_calls.h"

namespace cardvp::scenarios {

using host::nvme::Driver;

namespace {

std::vector<std::byte> read_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::vector<std::byte> bytes(text.size());
  std::transform(text.begin(), text.end(), bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

}  // namespace

Task<> HostProgram::run_one(const Workload& workload, host::IoWatch* watch, WorkloadResult& result) {
  std::uint64_t unseen = 0;  // progress of a workload in the background
  std::uint64_t* const progress = workload.background ? &unseen : &progress_;
  if (std::holds_alternative<CallWorkload>(workload.what)) co_return co_await call(workload, result);
  if (std::holds_alternative<FlashWriteWorkload>(workload.what)) co_return write_flash(workload, result);
  if (workload.about_volume) co_return co_await run_on_volume(workload, watch, result, progress);
  co_await run_on_network(workload, result, progress);
}

// Of a workload in the foreground: when it will be done.
void HostProgram::expect_duration(const Workload& workload, std::uint64_t count, sc_core::sc_time duration) {
  if (workload.background) return;
  goal_ = count != 0 ? count : 1;
  timed_from_ = machine_.sim().scheduler.now();
  timed_to_ = count != 0 ? timed_from_ : timed_from_ + duration;
}

Task<> HostProgram::run_on_network(const Workload& workload, WorkloadResult& result, std::uint64_t* progress) {
  if (const auto* traffic = std::get_if<TrafficWorkload>(&workload.what)) {
    expect_duration(workload, traffic->config.count, traffic->config.duration);
    co_await network_.run_traffic(*traffic, result, progress);
  } else if (const auto* replay = std::get_if<ReplayWorkload>(&workload.what)) {
    co_await network_.run_replay(*replay, result, progress);
  } else if (const auto* ping = std::get_if<PingWorkload>(&workload.what)) {
    co_await network_.run_ping(*ping, result);
  } else {
    co_await network_.run_dhcp(std::get<DhcpWorkload>(workload.what), result);
  }
}

Task<> HostProgram::run_on_volume(const Workload& workload, host::IoWatch* watch, WorkloadResult& result,
                                  std::uint64_t* progress) {
  Driver& driver = machine_.host(workload.server).driver(workload.volume);
  if (!driver.running()) {
    result.error = fmt::format("volume {} is not attached", result.volume);
  } else if (std::holds_alternative<ChecksumWorkload>(workload.what)) {
    if (!workload.background) goal_ = driver.info().blocks * driver.info().block_size;
    co_await volumes_.run_checksum(workload, result, progress);
  } else if (const auto* io = std::get_if<host::IoWorkloadConfig>(&workload.what)) {
    expect_duration(workload, io->count, io->duration);
    co_await volumes_.run_io(workload, result, progress, watch);
  } else if (const auto* attested = std::get_if<AttestWorkload>(&workload.what)) {
    result.attest = co_await attest(driver, attested->seed, scenario_.servers[workload.server].card.fuses);
    result.error = result.attest->error;
  } else {
    co_await update_firmware(workload, result);
  }
}

// An orderly host has stopped its driver when the device goes, and starts it when it comes.
Task<> HostProgram::call(const Workload& workload, WorkloadResult& result) {
  const CallWorkload& call = std::get<CallWorkload>(workload.what);
  const std::size_t server = workload.server;
  const bool stops = call.detaches() && call.device && !call.surprise && drivers_.running(server, *call.device);
  if (stops) {
    result.error = co_await drivers_.stop(server, *call.device);
    if (!result.error.empty()) co_return;
  }
  co_await make_call(machine_.card(server), machine_.sim().scheduler, call, result);
  const bool done = result.call && result.call->outcome == "ok";
  const bool comes = done && call.attaches() && call.device;
  if (comes && has_new_key(server, *call.device)) volumes_.forget(server, call.device->index);
  if (!comes && (done || !stops)) co_return;
  const std::string problem = co_await drivers_.start(server, *call.device);
  if (result.error.empty()) result.error = problem;
}

// With each attachment, so that its content is gone.
bool HostProgram::has_new_key(std::size_t server, const Device& device) const {
  return device.kind == Device::Kind::kVolume && scenario_.servers[server].card.volumes[device.index].encryption ==
                                                     platform::VolumeConfig::Encryption::kEphemeralKey;
}

Task<> HostProgram::update_firmware(const Workload& workload, WorkloadResult& result) {
  const FirmwareUpdateWorkload& wanted = std::get<FirmwareUpdateWorkload>(workload.what);
  Scheduler& scheduler = machine_.sim().scheduler;
  std::vector<std::byte> image = read_bytes(wanted.image);
  OpenUpdate open{result.number, {}};
  for (Background& background : background_)
    if (!background.ended && background.server == workload.server)
      open.spans.emplace_back(&background.watch, background.watch.open(scheduler.now()));
  const host::FirmwareUpdateConfig config{wanted.slot, wanted.action};
  host::FirmwareUpdateResult done =
      co_await host::run(machine_.host(workload.server).driver(workload.volume), config, std::move(image));
  for (Background& background : background_)
    for (const auto& [watch, span] : open.spans)
      if (watch == &background.watch) background.watch.close(span, scheduler.now());
  updates_.push_back(std::move(open));

  result.error = done.error;
  const bool wants_success = wanted.expect == "ok";
  if (!result.error.empty()) {
  } else if (wants_success ? !done.status.ok() : !done.status.named(wanted.expect)) {
    result.error = fmt::format("it ended with {}, not {}", done.status.text(), wanted.expect);
  } else if (!done.status.ok() && done.after != done.before) {
    result.error = fmt::format("it was refused, but the firmware is {} instead of {}", done.after, done.before);
  } else if (done.admin_failed > 0) {
    result.error = fmt::format("{} other admin commands failed meanwhile", done.admin_failed);
  }
  result.io.end = done.end;
  result.update.emplace().update = std::move(done);
}

// The commands that were in flight when an update ended have ended now.
void HostProgram::settle_updates() {
  for (const OpenUpdate& open : updates_) {
    const auto found = std::find_if(results_.begin(), results_.end(),
                                    [&open](const WorkloadResult& result) { return result.number == open.number; });
    UpdateResult& update = *found->update;
    for (const auto& [watch, number] : open.spans) {
      const host::IoWatch::Span& span = watch->span(number);
      update.background_completed += span.completed;
      update.background_failed += span.failed;
      update.longest_latency = std::max(update.longest_latency, span.longest_latency);
      update.longest_pause = std::max(update.longest_pause, span.longest_pause);
    }
    if (update.background_failed == 0 || !found->passed()) continue;
    found->error = fmt::format("{} commands in the background failed meanwhile", update.background_failed);
    fail(*found);
  }
}

void HostProgram::write_flash(const Workload& workload, WorkloadResult& result) {
  const FlashWriteWorkload& write = std::get<FlashWriteWorkload>(workload.what);
  BootFlashPort& flash = *machine_.host(workload.server).boot().flash();
  FlashWriteResult& tried = result.flash_write.emplace();
  std::vector<std::byte> before(flash.size()), after(flash.size());
  if (write.offset > flash.size() || write.size > flash.size() - write.offset) {
    result.error =
        fmt::format("{} bytes at {} are outside the flash, which has {}", write.size, write.offset, flash.size());
    return;
  }
  const bool read = flash.read(0, before);
  std::vector<std::byte> other(before.begin() + static_cast<std::ptrdiff_t>(write.offset),
                               before.begin() + static_cast<std::ptrdiff_t>(write.offset + write.size));
  for (std::byte& byte : other) byte = ~byte;
  tried.blocked = !flash.write(write.offset, other);
  tried.unchanged = read && flash.read(0, after) && before == after;
  if (!tried.blocked)
    result.error = "the write was not blocked";
  else if (!tried.unchanged)
    result.error = "the flash is not as it was";
}

}  // namespace cardvp::scenarios
