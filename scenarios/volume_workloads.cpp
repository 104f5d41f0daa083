#include "scenarios/volume_workloads.h"

#include "scenarios/file_digest.h"

namespace cardvp::scenarios {

using host::nvme::Status;

namespace {

// Why this is not what was expected: that every command fails with one status. Empty: it is.
std::string missing_error(const host::IoResult& io, const std::string& expected) {
  if (io.commands() > 0) return fmt::format("{} commands succeeded, but each should fail: {}", io.commands(), expected);
  if (io.errors.empty()) return fmt::format("no command failed with {}", expected);
  for (const auto& [field, count] : io.errors)
    if (!Status(field).named(expected))
      return fmt::format("{} commands failed with {}, not {}", count, Status(field).text(), expected);
  return {};
}

}  // namespace

void VolumeWorkloads::forget(std::size_t server, std::size_t volume) { knowledge_[server][volume] = {nullptr, true}; }

Task<> VolumeWorkloads::run_checksum(const Workload& workload, WorkloadResult& result, std::uint64_t* progress) {
  const ChecksumWorkload& checksum = std::get<ChecksumWorkload>(workload.what);
  const host::ChecksumResult done = co_await host::run(driver(workload), checksum.config, progress);
  result.error = done.error;
  result.sha256 = done.sha256;
  result.io.reads = done.commands;
  result.io.read_bytes = done.bytes;
  result.io.read_latency = done.latency;
  result.io.errors = done.errors;
  result.io.start = done.start;
  result.io.end = done.end;
  if (!workload.expect_error.empty()) {
    if (!done.errors.empty() || done.error.empty()) result.error = missing_error(result.io, workload.expect_error);
    co_return;
  }
  if (!checksum.expect_medium || !done.error.empty()) co_return;
  result.expected_sha256 = file_sha256(files_[workload.server][workload.volume]);
  if (result.sha256 != result.expected_sha256)
    result.error = fmt::format("the host read content of SHA-256 {}, but that of {} is {}", result.sha256,
                               files_[workload.server][workload.volume].filename().string(), result.expected_sha256);
}

Task<> VolumeWorkloads::run_io(const Workload& workload, WorkloadResult& result, std::uint64_t* progress,
                               host::IoWatch* watch) {
  host::nvme::Driver& driver = this->driver(workload);
  host::IoWorkloadConfig config = std::get<host::IoWorkloadConfig>(workload.what);
  Knowledge& known = knowledge_[workload.server][workload.volume];
  if (config.verify && !known.content && driver.running()) {
    const auto initial = known.overwritten ? host::InitialContent::kUnknown : config.initial;
    known.content =
        std::make_unique<host::Content>(machine_.sim().scheduler, driver.info().blocks, driver.info().block_size,
                                        initial, derive_seed(scenario_.seed, result.volume));
  }
  result.io = co_await host::run(driver, config, config.verify ? known.content.get() : nullptr, progress, watch);
  if (!config.verify && config.read_percent < 100) known = {nullptr, true};

  result.error = result.io.error;
  if (!result.error.empty()) co_return;
  if (!workload.expect_error.empty()) {
    result.error = missing_error(result.io, workload.expect_error);
  } else if (result.io.failed() > 0) {
    result.error = fmt::format("{} commands failed, the first kind with {}", result.io.failed(),
                               Status(result.io.errors.begin()->first).text());
  } else if (result.io.mismatches > 0) {
    result.error = fmt::format("{} blocks with wrong content", result.io.mismatches);
    if (!result.io.first_mismatches.empty()) result.error += ", first " + result.io.first_mismatches.front().text();
  }
}

}  // namespace cardvp::scenarios
