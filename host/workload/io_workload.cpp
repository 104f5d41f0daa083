#include "host/workload/io_workload.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "host/workload/random.h"

namespace cardvp::host {

using sc_core::sc_time;

std::uint64_t IoResult::failed() const {
  std::uint64_t sum = 0;
  for (const auto& [field, commands] : errors) sum += commands;
  return sum;
}

namespace {

// One run: `queues * queue_depth` lanes, each with one command in flight, draw from one stream of random numbers.
class Run {
 public:
  Run(nvme::Driver& driver, const IoWorkloadConfig& config, Content* content, std::uint64_t* progress, IoWatch* watch,
      IoResult& result)
      : driver_(driver),
        config_(config),
        content_(config.verify ? content : nullptr),
        progress_(progress),
        watch_(watch),
        result_(result),
        random_(config.seed),
        done_(driver.scheduler()) {}

  // Why the workload does not fit the volume; empty if it does.
  std::string prepare();
  Task<> run();

 private:
  struct Operation {
    bool write;
    std::uint64_t lba;
  };

  Scheduler& scheduler() const { return driver_.scheduler(); }
  std::uint64_t volume_bytes() const { return driver_.info().blocks * driver_.info().block_size; }
  bool more() const;
  std::uint64_t draw_block();
  bool draw(Operation& operation);
  Task<> lane(unsigned queue, std::uint64_t address, std::span<std::byte> data);
  void account(const Operation& operation, nvme::Status status, sc_time start, std::span<const std::byte> data);

  static constexpr unsigned kDraws = 16;  // after so many that overlap what is in flight, a lane waits

  nvme::Driver& driver_;
  const IoWorkloadConfig& config_;
  Content* content_;
  std::uint64_t* progress_;
  IoWatch* watch_;
  IoResult& result_;
  Random random_;
  std::optional<Zipf> zipf_;
  std::optional<Content> own_content_;
  Buffer buffers_;
  std::uint64_t first_lba_ = 0;
  std::uint32_t blocks_per_command_ = 0;
  std::uint64_t positions_ = 0;  // commands that fit into the region side by side
  std::uint64_t scatter_ = 1;    // coprime to positions_: spreads the popular ranks over the region
  std::uint64_t cursor_ = 0;     // of the sequential pattern
  std::uint64_t started_ = 0;
  sc_time stop_at_;
  std::uint64_t lanes_ = 0;
  std::uint64_t running_ = 0;  // lanes that have not ended
  OneShot<bool> done_;
};

std::string Run::prepare() {
  const nvme::ControllerInfo& info = driver_.info();
  if (!driver_.running()) return "the driver is not running";
  if (config_.block_size == 0 || config_.block_size % info.block_size != 0)
    return fmt::format("block_size of {} bytes is not a multiple of the volume's {}", config_.block_size,
                       info.block_size);
  if (config_.block_size > info.max_transfer)
    return fmt::format("block_size of {} bytes is more than the {} of one command", config_.block_size,
                       info.max_transfer);
  if (config_.queues == 0 || config_.queues > info.io_queues)
    return fmt::format("{} queues, but the controller granted {}", config_.queues, info.io_queues);
  if (config_.queue_depth == 0) return "queue_depth is 0";
  if (config_.count == 0 && config_.duration == sc_core::SC_ZERO_TIME && !watch_) return "neither count nor duration";
  if (config_.read_percent > 100) return fmt::format("read_percent of {}", config_.read_percent);
  if (config_.offset % info.block_size != 0 || config_.offset >= volume_bytes())
    return fmt::format("offset {} is no block of the volume's {} bytes", config_.offset, volume_bytes());
  const std::uint64_t size = config_.size ? config_.size : volume_bytes() - config_.offset;
  if (size > volume_bytes() - config_.offset || size < config_.block_size)
    return fmt::format("a region of {} bytes at {} does not fit the volume's {}", size, config_.offset, volume_bytes());

  first_lba_ = config_.offset / info.block_size;
  blocks_per_command_ = static_cast<std::uint32_t>(config_.block_size / info.block_size);
  positions_ = size / config_.block_size;
  if (config_.pattern == Pattern::kZipf) {
    if (!(config_.zipf_theta > 0)) return fmt::format("zipf_theta of {}", config_.zipf_theta);
    zipf_.emplace(positions_, config_.zipf_theta);
    scatter_ = static_cast<std::uint64_t>(static_cast<double>(positions_) * 0.6180339887498949) | 1;
    while (std::gcd(scatter_, positions_) != 1) scatter_ += 2;
  }
  if (config_.verify && !content_)
    content_ = &own_content_.emplace(scheduler(), info.blocks, info.block_size, config_.initial, config_.seed);
  if (content_ && (content_->blocks() != info.blocks || content_->block_size() != info.block_size))
    return "the known content is another volume's";
  lanes_ = running_ = std::uint64_t{config_.queues} * config_.queue_depth;
  buffers_ = Buffer(driver_.memory(), lanes_ * config_.block_size);
  return {};
}

bool Run::more() const {
  if (watch_ && watch_->stopped()) return false;
  if (!driver_.running() || (config_.count > 0 && started_ >= config_.count)) return false;
  return config_.duration == sc_core::SC_ZERO_TIME || scheduler().now() < stop_at_;
}

std::uint64_t Run::draw_block() {
  switch (config_.pattern) {
    case Pattern::kSequential: return cursor_;
    case Pattern::kRandom: return random_.below(positions_);
    case Pattern::kZipf: break;
  }
  const std::uint64_t rank = zipf_->draw(random_);
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(rank) * scatter_ % positions_);
}

// False if all that was drawn overlaps what is in flight.
bool Run::draw(Operation& operation) {
  const bool sequential = config_.pattern == Pattern::kSequential;
  for (unsigned tries = 0; tries < (sequential ? 1 : kDraws); ++tries) {
    operation.lba = first_lba_ + draw_block() * blocks_per_command_;
    if (content_ && !content_->try_lock(operation.lba, blocks_per_command_)) continue;
    if (sequential) cursor_ = cursor_ + 1 == positions_ ? 0 : cursor_ + 1;
    operation.write = config_.read_percent < 100 && random_.below(100) >= config_.read_percent;
    if (tries > 0) ++result_.held_back;
    return true;
  }
  return false;
}

Task<> Run::lane(unsigned queue, std::uint64_t address, std::span<std::byte> data) {
  while (more()) {
    Operation operation{};
    if (!draw(operation)) {
      ++result_.held_back;
      co_await content_->unlocked();
      continue;
    }
    ++started_;
    std::optional<Content::Lock> lock;
    if (content_) {
      lock.emplace(*content_, operation.lba, blocks_per_command_);
      if (operation.write) content_->fill(operation.lba, data);
    }
    const sc_time start = scheduler().now();
    nvme::Status status;
    if (operation.write) {
      status = co_await driver_.write(queue, operation.lba, blocks_per_command_, address);
    } else {
      status = co_await driver_.read(queue, operation.lba, blocks_per_command_, address);
    }
    account(operation, status, start, data);
  }
  if (--running_ == 0) done_.deliver(true);
}

void Run::account(const Operation& operation, nvme::Status status, sc_time start, std::span<const std::byte> data) {
  if (progress_) ++*progress_;
  if (watch_) watch_->ended(start, scheduler().now(), status.ok());
  const sc_time latency = scheduler().now() - start;
  if (!status.ok()) {
    ++result_.errors[status.outcome()];
    if (content_ && operation.write) content_->forget(operation.lba, blocks_per_command_);
    return;
  }
  if (operation.write) {
    ++result_.writes;
    result_.written_bytes += data.size();
    result_.write_latency.add(latency.value());
    return;
  }
  ++result_.reads;
  result_.read_bytes += data.size();
  result_.read_latency.add(latency.value());
  if (!content_) return;
  content_->check(operation.lba, data, result_.verified_blocks, [&](const Mismatch& mismatch) {
    ++result_.mismatches;
    if (result_.first_mismatches.size() < IoResult::kMismatchesKept) result_.first_mismatches.push_back(mismatch);
  });
}

Task<> Run::run() {
  if (watch_) watch_->begin(scheduler().now());
  if (config_.duration != sc_core::SC_ZERO_TIME) stop_at_ = scheduler().now() + config_.duration;
  TaskScope scope(scheduler());
  for (std::uint64_t number = 0; number < lanes_; ++number) {
    const std::uint64_t at = number * config_.block_size;
    scope.spawn(lane(static_cast<unsigned>(number % config_.queues), buffers_.address() + at,
                     buffers_.bytes().subspan(at, config_.block_size)));
  }
  co_await done_;
}

}  // namespace

Task<IoResult> run(nvme::Driver& driver, IoWorkloadConfig config, Content* content, std::uint64_t* progress,
                   IoWatch* watch) {
  IoResult result;
  result.start = result.end = driver.scheduler().now();
  Run run(driver, config, content, progress, watch, result);
  try {
    result.error = run.prepare();
  } catch (const std::runtime_error& exhausted) {  // memory
    result.error = exhausted.what();
  }
  if (!result.error.empty()) co_return result;
  co_await run.run();
  result.end = driver.scheduler().now();
  if (!driver.running()) result.error = "the driver stopped running before the workload's end";
  co_return result;
}

}  // namespace cardvp::host
