#include "host/workload/firmware_update.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "models/base/sync.h"

namespace cardvp::host {
namespace {

using nvme::Completion;
using nvme::Driver;
using sc_core::sc_time;

// Of Identify Controller: padded with spaces, and whatever the device likes.
std::string revision(const std::byte* field) {
  std::string text(reinterpret_cast<const char*>(field), 8);
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

class Run {
 public:
  Run(Driver& driver, const FirmwareUpdateConfig& config, FirmwareUpdateResult& result)
      : driver_(driver), config_(config), result_(result), probe_ended_(driver.scheduler()) {}

  Task<> run(std::vector<std::byte> image);

 private:
  // Between the admin commands that go on meanwhile.
  const sc_time kProbePause{50, sc_core::SC_US};

  Scheduler& scheduler() const { return driver_.scheduler(); }
  sc_time now() const { return scheduler().now(); }
  Task<nvme::Status> identify(std::string& firmware, Buffer& page);
  Task<> probe(Buffer& page);
  void stalled(sc_time since) { result_.longest_admin_stall = std::max(result_.longest_admin_stall, now() - since); }

  Driver& driver_;
  const FirmwareUpdateConfig& config_;
  FirmwareUpdateResult& result_;
  bool probing_ = true;
  OneShot<bool> probe_ended_;
};

Task<nvme::Status> Run::identify(std::string& firmware, Buffer& page) {
  nvme::Command command;
  command.opcode = nvme::kIdentify;
  command.dw10 = nvme::kIdentifyController;
  const Completion done = co_await driver_.admin(command, page.address(), page.size());
  if (done.status.ok()) firmware = revision(page.data() + 64);
  co_return done.status;
}

Task<> Run::probe(Buffer& page) {
  std::string firmware;
  while (probing_) {
    co_await scheduler().delay(kProbePause);
    const sc_time since = now();
    const nvme::Status status = co_await identify(firmware, page);
    ++result_.admin_commands;
    if (!status.ok()) ++result_.admin_failed;
    stalled(since);
  }
  probe_ended_.deliver(true);
}

Task<> Run::run(std::vector<std::byte> image) {
  Buffer page(driver_.memory(), nvme::kIdentifySize), probe_page(driver_.memory(), nvme::kIdentifySize);
  nvme::Status identified = co_await identify(result_.before, page);
  TaskScope scope(scheduler());
  scope.spawn(probe(probe_page));
  sc_time since = now();
  result_.status = (co_await driver_.firmware_download(std::move(image))).status;
  stalled(since);
  if (result_.status.ok()) {
    since = now();
    const auto action = static_cast<nvme::CommitAction>(config_.action);
    result_.status = (co_await driver_.firmware_commit(config_.slot, action)).status;
    stalled(since);
  }
  probing_ = false;
  co_await probe_ended_;
  if (identified.ok()) identified = co_await identify(result_.after, page);
  if (!identified.ok()) result_.error = "Identify controller: " + identified.text();
}

}  // namespace

Task<FirmwareUpdateResult> run(Driver& driver, FirmwareUpdateConfig config, std::vector<std::byte> image) {
  FirmwareUpdateResult result;
  result.start = driver.scheduler().now();
  result.image_bytes = image.size();
  Run run(driver, config, result);
  try {
    if (driver.running())
      co_await run.run(std::move(image));
    else
      result.error = "the driver is not running";
  } catch (const std::runtime_error& exhausted) {  // host memory
    result.error = exhausted.what();
  }
  result.end = driver.scheduler().now();
  co_return result;
}

}  // namespace cardvp::host
