#include "models/nic/ena/function.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>

#include "models/nic/registers.h"

namespace cardvp::nic::ena {

namespace host = host_regs;
namespace control = control_regs;

pcie::FunctionConfig function_config(const EnaConfig& config) {
  pcie::FunctionConfig function;
  function.physical = config.physical;
  function.msix_vectors = config.queues + 1;
  function.msix_table = kMsixTable;
  function.msix_pending = kMsixPending;
  function.bars.push_back({.index = 0, .size = kBar0Bytes, .prefetchable = false});
  const std::uint64_t llq = std::uint64_t{config.queues} * config.llq_entries * LlqMemory::kEntryBytes;
  if (llq != 0)
    function.bars.push_back(
        {.index = 2, .size = std::max<std::uint64_t>(std::bit_ceil(llq), 4096), .prefetchable = true});
  return function;
}

Function::Function(sc_core::sc_module_name name, Sim& sim, const EnaConfig& config, pcie::Link& link,
                   memory::Mailbox::Channel& channel, DataPath& data_path, wire::FramePool& frames,
                   const PacketMath& math)
    : Model(name, sim),
      config_(config),
      channel_(channel),
      data_path_(data_path),
      host_(host::kBank),
      control_(control::kBank),
      function_("pcie", sim, link, config.function, function_config(config)),
      unit_(sim, this->name(),
            {.function = config.function,
             .packet_overhead = config.packet_overhead,
             .picojoules_per_packet = config.picojoules_per_packet,
             .picojoules_per_byte = config.picojoules_per_byte},
            function_, data_path, frames, math),
      admin_(sim, this->name(), config.function, function_, channel, [this] { signal_management(); }),
      events_(sim, this->name(), function_, [this] { signal_management(); }),
      queues_(sim, this->name(),
              {.queues = config.queues, .queue_entries = config.queue_entries, .llq_entries = config.llq_entries},
              control_, function_, unit_),
      publish_(sim.scheduler, *this),
      ignored_doorbells_(counter("ignored_doorbells", "writes")),
      bad_accesses_(counter("bad_accesses", "accesses")) {
  assert(config.queues >= 1 && config.queues <= 128);
  assert(std::has_single_bit(config.queue_entries) && config.queue_entries >= 256 && config.queue_entries <= 32768);
  assert(config.llq_entries == 0 || (std::has_single_bit(config.llq_entries) && config.llq_entries <= 32768));
  assert(std::uint64_t{config.queues} * config.llq_entries * LlqMemory::kEntryBytes <= 1 << 24);  // LLQ_OFFSET
  function_.connect(*this);
  data_path.connect(config.function, *this);
  hang_host_hooks();
  hang_control_hooks();
  set_constants();
}

HostRing Function::ring_of(std::uint16_t base_low, std::uint64_t caps) const {
  const auto base_high = static_cast<std::uint16_t>(base_low + 1);  // declared behind it, for all three rings
  // The three CAPS registers have the same fields.
  return HostRing::of(host_.get(base_low) | host_.get(base_high) << 32, host::AQ_CAPS_DEPTH.of(caps),
                      host::AQ_CAPS_ENTRY_BYTES.of(caps));
}

void Function::hang_host_hooks() {
  host_.on_write(host::AQ_CAPS, [this](const RegisterWrite& write) {
    admin_.set_submissions(ring_of(host::AQ_BASE_LO, write.value));
  });
  host_.on_write(host::ACQ_CAPS, [this](const RegisterWrite& write) {
    admin_.set_completions(ring_of(host::ACQ_BASE_LO, write.value));
  });
  host_.on_write(host::AENQ_CAPS,
                 [this](const RegisterWrite& write) { events_.set_ring(ring_of(host::AENQ_BASE_LO, write.value)); });
  host_.on_write(host::AQ_DB, [this](const RegisterWrite& write) {
    count_refusal(admin_.announce(static_cast<std::uint16_t>(write.value)));
  });
  host_.on_write(host::AENQ_HEAD_DB, [this](const RegisterWrite& write) {
    const bool taken = events_.allow(static_cast<std::uint16_t>(write.value));
    count_refusal(taken);
    if (taken) raise(control::EVENTS_AENQ_CREDIT, "host allows events");
  });
  host_.on_write(host::INTR_MASK, [this](const RegisterWrite& write) {
    if (host::INTR_MASK_MASK.of(write.value) || !management_pending_) return;
    management_pending_ = false;
    function_.interrupt(0);
  });
  host_.on_write(host::DEV_CTL, [this](const RegisterWrite& write) { write_device_control(write); });
  host_.on_write(host::MMIO_REG_READ, [this](const RegisterWrite& write) { answer_register_read(write.value); });
  host_.on_read(host::ACQ_TAIL, [this](std::uint32_t) { return admin_.completed(); });
  host_.on_read(host::AENQ_TAIL, [this](std::uint32_t) { return events_.posted(); });
}

void Function::hang_control_hooks() {
  control_.on_write(control::STATUS, [this](const RegisterWrite& write) { write_status(write); });
  for (const auto id : {control::HOST_VERSION, control::HOST_CONTROLLER, control::HOST_CAPS})
    control_.on_write(id, [this](const RegisterWrite&) { publish_.call_at(control_time_); });
  control_.on_write(control::QUEUE_COMMAND, [this](const RegisterWrite& write) {
    control_.set(control::QUEUE_RESULT, queue_command(write.written));
  });
  control_.on_read(control::AENQ, [this](std::uint32_t) { return control::AENQ_CREDIT.in(events_.credit()); });
  for (const auto id : {control::RSS, control::RSS_KEY})
    control_.on_write(id, [this](const RegisterWrite&) { queues_.rss_key_changed(); });

  const auto total = [this](control::Register id, std::uint64_t PacketUnit::Totals::*what) {
    control_.on_read(id, [this, what](std::uint32_t) { return unit_.totals().*what; });
  };
  total(control::TX_BYTES, &PacketUnit::Totals::tx_bytes);
  total(control::TX_PACKETS, &PacketUnit::Totals::tx_packets);
  total(control::TX_DROPS, &PacketUnit::Totals::tx_drops);
  total(control::RX_BYTES, &PacketUnit::Totals::rx_bytes);
  total(control::RX_PACKETS, &PacketUnit::Totals::rx_packets);
  total(control::RX_DROPS, &PacketUnit::Totals::rx_drops);
  total(control::RX_OVERRUNS, &PacketUnit::Totals::rx_overruns);
}

void Function::set_constants() {
  control_.set(control::LIMITS_QUEUES, config_.queues);
  control_.set(control::LIMITS_VECTORS, function_.vectors());
  control_.set(control::DEPTHS_MOST, config_.queue_entries);
  control_.set(control::LLQ_QUEUES, config_.llq_entries ? config_.queues : 0);
  control_.set(control::LLQ_DEPTH, config_.llq_entries);
}

void Function::drop_everything() {
  queues_.drop_all();
  admin_.forget();
  events_.set_ring({});
  management_pending_ = false;
  unit_.reset();
  data_path_.device_reset(config_.function);
}

// All registers, the host's and the firmware's, but for what happened.
void Function::reset() {
  drop_everything();
  publish_.cancel();
  host_.reset();
  control_.reset();
  queues_.rss_key_changed();
  set_constants();
}

void Function::function_reset() {
  const std::uint64_t events = control_.get(control::EVENTS);
  reset();
  control_.set(control::EVENTS, events);
  raise(control::EVENTS_FUNCTION_RESET, "function reset");
}

// ---- The host's side

std::optional<std::uint64_t> Function::bar_read(unsigned bar, std::uint64_t offset, unsigned size) {
  if (bar != 0) return queues_.llq().read(offset, size);
  if (size == 8) return read_register(offset) | std::uint64_t{read_register(offset + 4)} << 32;
  const std::uint64_t within = offset % 4;
  return read_register(offset - within) >> within * 8 & (size == 4 ? ~0u : (1u << size * 8) - 1);
}

// A dword of BAR 0; 0 where there is nothing.
std::uint32_t Function::read_register(std::uint64_t offset) {
  if (offset >= kSqDoorbells) return offset < kMsixTable ? queues_.read(static_cast<std::uint32_t>(offset)) : 0;
  std::uint64_t value = 0;
  return host_.read(offset, 4, value) ? static_cast<std::uint32_t>(value) : 0;
}

// Registers are written by dwords. Several at once are taken one after the other; parts of one are ignored.
void Function::bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) {
  if (bar != 0) return queues_.llq().write(offset, data);
  if (offset % 4 != 0 || data.size() % 4 != 0) return bad_accesses_.add();
  for (; !data.empty(); data = data.subspan(4), offset += 4) {
    std::uint32_t value = 0;
    std::memcpy(&value, data.data(), sizeof value);
    write_register(offset, value);
  }
}

void Function::write_register(std::uint64_t offset, std::uint32_t value) {
  if (offset < kSqDoorbells)
    host_.write(offset, 4, value);
  else if (offset < kMsixTable)
    queues_.write(static_cast<std::uint32_t>(offset), value);
}

// Request id and offset come back with the value, in one post: whoever polls for the id sees all of it. Without an
// address, or with one that no such post can go to, there is no answer.
void Function::answer_register_read(std::uint64_t request) {
  const std::uint64_t address = host_.get(host::MMIO_RESP_LO) | host_.get(host::MMIO_RESP_HI) << 32;
  if (address == 0) return;
  if (address % 8 != 0) return bad_accesses_.add();
  const std::uint64_t offset = host::MMIO_REG_READ_OFFSET.of(request);
  const std::array<std::uint32_t, 2> answer{static_cast<std::uint32_t>(request),
                                            offset % 4 == 0 ? read_register(offset) : 0};
  function_.post(address, std::as_bytes(std::span(answer)));
}

void Function::write_device_control(const RegisterWrite& write) {
  const bool was = host::DEV_CTL_DEV_RESET.of(write.old);
  const bool is = host::DEV_CTL_DEV_RESET.of(write.value);
  if (!was && is) begin_reset(write.value);
  if (was && !is && control_.get(control::STATUS_RESETTING)) raise(control::EVENTS_RELEASED, "reset released");
}

// Everything is dropped at once. What the host writes from now on, as where register reads are answered, is kept.
void Function::begin_reset(std::uint64_t device_control) {
  drop_everything();
  host_.reset();
  host_.set(host::DEV_CTL, device_control);
  control_.set(control::STATUS_RESETTING, 1);
  control_.set(control::STATUS_FATAL, 0);
  control_.set(control::RESET_REASON,
               host::DEV_CTL_REASON.of(device_control) | host::DEV_CTL_REASON_HIGH.of(device_control) << 4);
  publish();
  raise(control::EVENTS_RESET, "device reset by the host");
  control_.set(control::EVENTS_RELEASED, 0);  // of a reset before, which this one has replaced
}

// Behind each admin completion and each event.
void Function::signal_management() {
  if (host_.get(host::INTR_MASK_MASK))
    management_pending_ = true;
  else
    function_.interrupt(0);
}

void Function::raise(Field event, const char* what) {
  if (control_.get(event)) return;
  log_.info(what);
  const bool first = control_.get(control::EVENTS) == 0;
  control_.set(event, 1);
  if (!first) return;
  const nic_message_header header{NIC_MESSAGE_EVENT, config_.function, 0};
  memory::Message message;
  std::memcpy(message.words.data(), &header, sizeof header);
  channel_.send(message);
}

// ---- The firmware's side

void Function::write_status(const RegisterWrite& write) {
  const bool ends = control::STATUS_RESETTING.of(write.written & write.mask) && control::STATUS_RESETTING.of(write.old);
  // A firmware that has not seen the newest reset yet means the one before.
  const bool may_end = !host_.get(host::DEV_CTL_DEV_RESET) && !control_.get(control::EVENTS_RESET);
  if (ends && !may_end) control_.set(control::STATUS_RESETTING, 1);
  publish_.call_at(control_time_);
}

void Function::publish() {
  host_.set(host::VERSION, control_.get(control::HOST_VERSION));
  host_.set(host::CTRL_VERSION, control_.get(control::HOST_CONTROLLER));
  host_.set(host::CAPS, control_.get(control::HOST_CAPS));
  host_.set(host::DEV_STS_READY, control_.get(control::STATUS_READY));
  host_.set(host::DEV_STS_FATAL_ERROR, control_.get(control::STATUS_FATAL));
  const bool resetting = control_.get(control::STATUS_RESETTING);
  if (host_.get(host::DEV_STS_RESET_IN_PROGRESS) && !resetting) host_.set(host::DEV_STS_RESET_FINISHED, 1);
  host_.set(host::DEV_STS_RESET_IN_PROGRESS, resetting);
}

std::uint64_t Function::queue_command(std::uint64_t written) {
  constexpr std::uint64_t kResetting = 6;
  // What a firmware asks for that has not seen a reset yet belongs to the time before.
  if (control_.get(control::STATUS_RESETTING) || control_.get(control::EVENTS_FUNCTION_RESET))
    return control::QUEUE_RESULT_CODE.in(kResetting);
  return queues_.command(written);
}

}  // namespace cardvp::nic::ena
