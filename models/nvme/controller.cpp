#include "models/nvme/controller.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "models/nvme/registers.h"

namespace cardvp::nvme {

using sc_core::sc_time;
namespace host = host_regs;
namespace control = control_regs;

namespace {

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) { return (value + unit - 1) / unit * unit; }

// I/O commands of one queue in execution at a time; further ones wait in host memory.
constexpr unsigned kIoLimit = 256;

}  // namespace

pcie::FunctionConfig function_config(const ControllerConfig& config) {
  const std::uint64_t vectors = config.queues + 1;
  pcie::FunctionConfig function;
  function.msix_vectors = static_cast<unsigned>(vectors);
  function.msix_table = round_up(kDoorbells + vectors * 2 * 4, kPageSize);
  function.msix_pending = round_up(function.msix_table + vectors * 16, kPageSize);
  const std::uint64_t end = function.msix_pending + round_up(vectors, 64) / 8;
  function.bars.push_back({.index = 0, .size = std::bit_ceil(end), .prefetchable = false});
  return function;
}

Controller::Controller(sc_core::sc_module_name name, Sim& sim, const ControllerConfig& config, pcie::Link& link,
                       storage::Volume& volume, memory::Mailbox::Channel& channel, security::VolumeCipher* cipher)
    : Model(name, sim),
      config_(config),
      volume_(volume),
      channel_(channel),
      host_(host::kBank),
      control_(control::kBank),
      function_("pcie", sim, link, config.function, function_config(config)),
      io_(sim, this->name(), {config.command_overhead, config.picojoules_per_command}, function_, volume, cipher,
          config.function),
      admin_(sim, this->name(), config.function, function_, channel),
      publish_(sim.scheduler, *this),
      changes_(sim.scheduler),
      lost_completions_(counter("lost_completions", "entries")),
      ignored_doorbells_(counter("ignored_doorbells", "writes")),
      completion_(config.queues + 1),
      submission_(config.queues + 1) {
  assert(config.queues >= 1 && config.queues <= 1023);
  assert(config.queue_entries >= 2 && config.queue_entries <= 65536);
  function_.connect(*this);
  hang_hooks();
  set_constants();
}

void Controller::hang_hooks() {
  host_.on_write(host::CC, [this](const RegisterWrite& write) { write_cc(write); });
  host_.on_write(host::INTMC, [this](const RegisterWrite& write) {
    host_.set(host::INTMS, host_.get(host::INTMS) & ~write.written);
  });
  host_.on_read(host::INTMC, [this](std::uint32_t) { return host_.get(host::INTMS); });

  control_.on_read(control::CC, [this](std::uint32_t) { return host_.get(host::CC); });
  control_.on_read(control::ADMIN_SIZES, [this](std::uint32_t) { return host_.get(host::AQA); });
  control_.on_write(control::STATUS, [this](const RegisterWrite&) { write_status(); });
  control_.on_write(control::QUEUE_COMMAND, [this](const RegisterWrite& write) {
    control_.set(control::QUEUE_RESULT, queue_command(write.written));
  });
  control_.on_write(control::ABORT, [this](const RegisterWrite& write) {
    const std::uint64_t queue = control::ABORT_SQ.of(write.written);
    const bool done = queue != 0 && queue < submission_.size() && submission_[queue] &&
                      submission_[queue]->abort(static_cast<std::uint16_t>(control::ABORT_CID.of(write.written)));
    control_.set(control::ABORT_RESULT_DONE, done);
  });
  control_.on_write(control::WRITE_CACHE, [this](const RegisterWrite& write) {
    io_.set_write_cache(control::WRITE_CACHE_ENABLE.of(write.value));
  });
  control_.on_write(control::CIPHER, [this](const RegisterWrite& write) {
    const IoUnit::Encryption encryption{.enabled = control::CIPHER_ENABLE.of(write.value) != 0,
                                        .slot = static_cast<std::uint16_t>(control::CIPHER_SLOT.of(write.value))};
    changes_.spawn(encrypt_at(control_time_, encryption));
  });

  const auto total = [this](control::Register id, std::uint64_t IoUnit::Totals::*what) {
    control_.on_read(id, [this, what](std::uint32_t) { return io_.totals().*what; });
  };
  total(control::READ_COMMANDS, &IoUnit::Totals::reads);
  total(control::WRITE_COMMANDS, &IoUnit::Totals::writes);
  total(control::READ_BYTES, &IoUnit::Totals::read_bytes);
  total(control::WRITE_BYTES, &IoUnit::Totals::write_bytes);
  total(control::ERRORS, &IoUnit::Totals::errors);
  total(control::MEDIA_ERRORS, &IoUnit::Totals::media_errors);
  total(control::LAST_ERROR, &IoUnit::Totals::last_error);
  total(control::LAST_ERROR_LBA, &IoUnit::Totals::last_error_lba);
}

void Controller::set_constants() {
  host_.set(host::CAP_MQES, config_.queue_entries - 1);
  control_.set(control::CAPACITY, volume_.blocks());
  control_.set(control::FORMAT_BLOCK_SHIFT, volume_.block_shift());
  control_.set(control::FORMAT_READ_ONLY, volume_.medium().read_only());
  control_.set(control::FORMAT_MDTS, kMdts);
  control_.set(control::LIMITS_QUEUES, config_.queues);
  control_.set(control::LIMITS_VECTORS, function_.vectors());
}

void Controller::reset() {
  drop_queues();
  publish_.cancel();
  changes_.cancel();
  host_.reset();
  control_.reset();
  set_constants();
  io_.reset_totals();
  io_.set_write_cache(true);
  io_.set_encryption({});
}

// ---- The host's side

std::optional<std::uint64_t> Controller::bar_read(unsigned, std::uint64_t offset, unsigned size) {
  // By dwords, and 0 for what is reserved (3: "reserved registers ... read as 0"). Doorbells are write-only.
  if (size == 8) return *bar_read(0, offset, 4) | *bar_read(0, offset + 4, 4) << 32;
  std::uint64_t value = 0;
  return host_.read(offset, size, value) ? value : 0;
}

void Controller::bar_write(unsigned, std::uint64_t offset, std::span<const std::byte> data) {
  while (!data.empty()) {
    std::size_t size = 4;
    while (size > data.size() || offset % size != 0) size /= 2;
    std::uint32_t value = 0;
    std::memcpy(&value, data.data(), size);
    if (offset < kDoorbells)
      host_.write(offset, static_cast<unsigned>(size), value);
    else if (size == 4)
      ring(static_cast<std::uint32_t>((offset - kDoorbells) / 4), value);
    else
      ignored_doorbells_.add();  // doorbells are written as dwords (3)
    offset += size;
    data = data.subspan(size);
  }
}

void Controller::write_cc(const RegisterWrite& write) {
  const bool was_enabled = host::CC_EN.of(write.old);
  const bool enabled = host::CC_EN.of(write.value);
  const std::uint64_t shutdown = host::CC_SHN.of(write.value);
  if (was_enabled && !enabled) {
    // A controller reset spares AQA, ASQ and ACQ (3.1.5), and RDY is the firmware's to clear.
    drop_queues();
    host_.set(host::INTMS, 0);
    // A readiness that the firmware, being ahead, has announced for later comes too late.
    if (publish_.pending()) control_.set(control::STATUS_RDY, host_.get(host::CSTS_RDY));
    raise(control::EVENTS_DISABLE, "disabled by the host");
  }
  if (!was_enabled && enabled) raise(control::EVENTS_ENABLE, "enabled by the host");
  if (shutdown != 0 && shutdown != host::CC_SHN.of(write.old))
    raise(control::EVENTS_SHUTDOWN, "shutdown announced by the host");
}

void Controller::function_reset() {
  drop_queues();
  publish_.cancel();
  host_.reset();
  set_constants();
  control_.set(control::STATUS, 0);
  raise(control::EVENTS_RESET, "function reset");
}

void Controller::raise(Field event, const char* what) {
  if (control_.get(event)) return;
  log_.info(what);
  const bool first = control_.get(control::EVENTS) == 0;
  control_.set(event, 1);
  if (!first) return;
  const nvme_message_header header{NVME_MESSAGE_EVENT, config_.function, 0};
  memory::Message message;
  std::memcpy(message.words.data(), &header, sizeof header);
  channel_.send(message);
}

void Controller::ring(std::uint32_t doorbell, std::uint32_t value) {
  if (!submission_[0]) {  // not ready: doorbells have no meaning yet (3.1.24)
    ignored_doorbells_.add();
    return;
  }
  const std::uint32_t queue = doorbell / 2;
  const bool is_tail = doorbell % 2 == 0;
  if (queue >= submission_.size() || !(is_tail ? submission_[queue] != nullptr : completion_[queue] != nullptr)) {
    ignored_doorbells_.add();
    raise(control::EVENTS_BAD_REGISTER, "doorbell of a queue that does not exist");
    return;
  }
  if (is_tail ? submission_[queue]->announce(value) : completion_[queue]->release_to(value)) return;
  ignored_doorbells_.add();
  raise(control::EVENTS_BAD_VALUE, "doorbell value outside of its queue");
}

// ---- The firmware's side

void Controller::write_status() {
  // "Ready" of a firmware that has not seen yet that the host disabled the controller means the time before.
  const bool stale = control_.get(control::EVENTS_DISABLE) || control_.get(control::EVENTS_RESET);
  if (stale || !host_.get(host::CC_EN)) control_.set(control::STATUS_RDY, 0);
  publish_.call_at(control_time_);
}

void Controller::publish_status() {
  host_.set(host::CSTS_RDY, control_.get(control::STATUS_RDY));
  host_.set(host::CSTS_CFS, control_.get(control::STATUS_CFS));
  host_.set(host::CSTS_SHST, control_.get(control::STATUS_SHST));
  if (host_.get(host::CSTS_RDY) && host_.get(host::CC_EN) && !submission_[0]) start_admin_queue();
}

Task<> Controller::encrypt_at(sc_time time, IoUnit::Encryption encryption) {
  co_await scheduler().until(time);
  io_.set_encryption(encryption);
}

void Controller::start_admin_queue() {
  const QueueShape completions{host_.get(host::ACQ), static_cast<std::uint32_t>(host_.get(host::AQA_ACQS)) + 1};
  const QueueShape submissions{host_.get(host::ASQ), static_cast<std::uint32_t>(host_.get(host::AQA_ASQS)) + 1};
  completion_[0] = std::make_unique<CompletionQueue>(
      scheduler(), function_, completions, CompletionQueue::Interrupt{.enabled = true, .vector = 0}, lost_completions_);
  submission_[0] = std::make_unique<SubmissionQueue>(scheduler(), function_, *this, std::uint16_t{0}, submissions,
                                                     *completion_[0], NVME_ADMIN_LIMIT);
  log_.info("ready");
}

void Controller::drop_queues() {
  for (auto& queue : submission_) queue.reset();
  for (auto& queue : completion_) queue.reset();
  admin_.forget();
}

std::uint32_t Controller::queue_command(std::uint64_t written) {
  enum Result : std::uint32_t { kDone, kBadShape, kExists, kMissing, kInUse, kNotReady };
  enum Operation { kCreateSubmission = 1, kCreateCompletion, kDeleteSubmission, kDeleteCompletion };
  if (!control_.get(control::STATUS_RDY)) return kNotReady;
  const std::size_t id = control::QUEUE_COMMAND_ID.of(written);
  if (id == 0 || id >= submission_.size()) return kBadShape;
  const QueueShape shape{control_.get(control::QUEUE_BASE),
                         static_cast<std::uint32_t>(control_.get(control::QUEUE_SHAPE_ENTRIES))};
  const auto fits = [&](std::uint64_t entry_size) {
    return shape.base % kPageSize == 0 && shape.entries >= 2 && shape.entries <= config_.queue_entries &&
           shape.base + (shape.entries * entry_size - 1) >= shape.base;
  };
  switch (control::QUEUE_COMMAND_OPERATION.of(written)) {
    case kCreateSubmission: {
      if (submission_[id]) return kExists;
      const std::size_t target = control_.get(control::QUEUE_LINK_CQ);
      if (target == 0 || target >= completion_.size() || !completion_[target]) return kMissing;
      if (!fits(sizeof(SubmissionEntry))) return kBadShape;
      submission_[id] = std::make_unique<SubmissionQueue>(scheduler(), function_, *this, static_cast<std::uint16_t>(id),
                                                          shape, *completion_[target], kIoLimit);
      return kDone;
    }
    case kCreateCompletion: {
      if (completion_[id]) return kExists;
      const CompletionQueue::Interrupt interrupt{
          .enabled = control_.get(control::QUEUE_SHAPE_INTERRUPTS) != 0,
          .vector = static_cast<std::uint16_t>(control_.get(control::QUEUE_LINK_VECTOR))};
      if (!fits(sizeof(CompletionEntry)) || interrupt.vector >= function_.vectors()) return kBadShape;
      completion_[id] = std::make_unique<CompletionQueue>(scheduler(), function_, shape, interrupt, lost_completions_);
      return kDone;
    }
    case kDeleteSubmission:
      if (!submission_[id]) return kMissing;
      submission_[id].reset();
      return kDone;
    case kDeleteCompletion:
      if (!completion_[id]) return kMissing;
      if (completion_[id]->users != 0) return kInUse;
      completion_[id].reset();
      return kDone;
    default: return kBadShape;
  }
}

// ---- Queues

void Controller::begin(SubmissionQueue& queue, const SubmissionEntry& entry) {
  if (queue.id() == 0)
    admin_.begin(queue, entry);
  else
    io_.begin(queue, entry);
}

void Controller::fetch_failed(SubmissionQueue& queue, DmaStatus status) {
  log_.warning("submission queue cannot be read: controller failed",
               {{"sq", queue.id()}, {"status", static_cast<unsigned>(status)}});
  control_.set(control::STATUS_CFS, 1);
  host_.set(host::CSTS_CFS, 1);
}

}  // namespace cardvp::nvme
