#include "models/pcie/function.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "models/pcie/registers.h"

namespace cardvp::pcie {

namespace regs = function_regs;
using sc_core::sc_time;

namespace {

constexpr ReadResult failed(Completion status) { return {status, ~0ull}; }

// No request can name what is beyond the end of the address space.
bool wraps(std::uint64_t address, std::uint64_t size) { return size != 0 && address + (size - 1) < address; }

}  // namespace

Function::Function(sc_core::sc_module_name name, Sim& sim, Link& link, std::uint8_t number,
                   const FunctionConfig& config)
    : Model(name, sim),
      link_(link),
      control_(regs::kBank),
      config_(config, link.config()),
      msix_(config),
      bars_(config.bars),
      physical_number_(config.physical),
      number_(number),
      enabled_(!config.physical),
      interrupts_(counter("interrupts", "messages")),
      interrupts_dropped_(counter("interrupts_dropped", "messages")),
      writes_dropped_(counter("writes_dropped", "packets")) {
  for (const FunctionConfig::Bar& bar : config.bars) bar_sizes_[bar.index] = bar.size;
  control_.on_read(regs::STATUS, [this](std::uint32_t) {
    return regs::STATUS_HARDWARE.in(client_ != nullptr) | regs::STATUS_MEMORY.in(memory_enabled()) |
           regs::STATUS_BUS_MASTER.in(config_.bus_master());
  });
}

// --- Presence, resets, configuration ---------------------------------------------------------------------------------

void Function::set_present(bool on) {
  if (on == present_) return;
  present_ = on;
  log_.info(on ? "present" : "absent");
  if (on)
    settings_changed();
  else
    reset();
  // A virtual function that is not enabled comes and goes for the firmware alone.
  if (enabled_) link_.announce_presence(number_, on);
}

void Function::adopt_virtual(Function& function) {
  assert(function.number_ > number_ && function.physical_number_ == number_);
  assert(virtual_.empty() ||
         (function.number_ == virtual_.back()->number_ + 1 && function.bar_sizes_ == virtual_.back()->bar_sizes_));
  function.physical_ = this;
  function.index_ = static_cast<unsigned>(virtual_.size());
  virtual_.push_back(&function);
  config_.add_virtual_function(number_, virtual_.front()->number_, function.bars_);
}

void Function::update_virtual() {
  const unsigned count = present_ && config_.vf_enabled() ? config_.vf_count() : 0;
  for (Function* each : virtual_) {
    each->set_enabled(each->index_ < count);
    if (each->present()) each->settings_changed();
  }
}

// The host that enables it knows that it is there: no announcement.
void Function::set_enabled(bool on) {
  if (on == enabled_) return;
  enabled_ = on;
  if (present_ && !on) reset();
}

void Function::reset() {
  bus_ = 0;
  reset(ConfigSpace::Reset::kConventional);
}

void Function::reset(ConfigSpace::Reset kind) {
  config_.reset(kind);
  msix_.reset();
  reads_until_ = sc_core::SC_ZERO_TIME;
  settings_changed();  // nothing may leave any more
  if (client_) client_->function_reset();
}

void Function::settings_changed() {
  const bool awake = config_.in_d0() && (!physical_ || physical_->config_.in_d0());
  decodes_ = present() && memory_enabled() && awake;
  masters_ = present() && config_.bus_master() && awake;
  messages_ = masters_ && config_.msix_enabled() && !config_.msix_masked();
  if (decode_changed_) decode_changed_();
  if (messages_) msix_.release([this](unsigned vector) { send_message(vector); });
  update_virtual();
}

std::uint32_t Function::config_read(std::uint16_t offset, unsigned size) {
  config_.set_identity(static_cast<std::uint32_t>(control_.get(regs::IDENTITY)),
                       static_cast<std::uint32_t>(control_.get(regs::CLASS)),
                       static_cast<std::uint32_t>(control_.get(regs::SUBSYSTEM)));
  if (has_virtual())
    config_.set_vf_device(static_cast<std::uint16_t>(virtual_.front()->control_.get(regs::IDENTITY_DEVICE)));
  config_.set_transactions_pending(now() < reads_until_);
  return config_.read(offset, size);
}

void Function::config_write(std::uint16_t offset, unsigned size, std::uint32_t value) {
  if (config_.write(offset, size, value)) {
    log_.info("function-level reset");
    reset(ConfigSpace::Reset::kFunctionLevel);
  } else {
    settings_changed();
  }
}

// --- Memory requests of the host -------------------------------------------------------------------------------------

std::optional<Function::Window> Function::window(unsigned bar) const {
  if (!decodes_ || bar_size(bar) == 0) return std::nullopt;
  if (!physical_) {
    const std::uint64_t base = config_.bar_base(bar);
    return Window{base, base + (bar_size(bar) - 1)};
  }
  const ConfigSpace& config = physical_->config_;
  const std::uint64_t first = config.vf_bar_base(bar), stride = config.vf_bar_stride(bar_size(bar));
  if (index_ > ~first / stride) return std::nullopt;  // beyond the end of the address space
  const std::uint64_t base = first + index_ * stride;
  return Window{base, base + (bar_size(bar) - 1)};
}

std::optional<std::uint64_t> Function::bar_offset(unsigned bar, std::uint64_t address) const {
  const std::optional<Window> claimed = window(bar);
  if (!claimed || address < claimed->first || address > claimed->last) return std::nullopt;
  return address - claimed->first;
}

ReadResult Function::bar_read(unsigned bar, std::uint64_t offset, unsigned size) {
  const std::uint64_t bytes = bar_size(bar);
  if (!decodes_ || !client_ || offset >= bytes) {
    config_.note_unsupported_request(false);
    return failed(Completion::kUnsupportedRequest);
  }
  std::optional<std::uint64_t> value;
  // Aligned within a BAR, whose size is a power of two: never across its end.
  if ((size == 1 || size == 2 || size == 4 || size == 8) && offset % size == 0)
    value = msix_.claims(bar, offset, size) ? msix_.read(offset, size) : client_->bar_read(bar, offset, size);
  if (value) return {Completion::kSuccess, *value};
  config_.note_sent_completer_abort();
  return failed(Completion::kCompleterAbort);
}

void Function::bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) {
  const std::uint64_t bytes = bar_size(bar);
  if (!decodes_ || !client_ || offset >= bytes || data.size() > bytes - offset || data.size() > kMaxPost) {
    config_.note_unsupported_request(true);
    return writes_dropped_.add();
  }
  if (!msix_.claims(bar, offset, data.size())) return client_->bar_write(bar, offset, data);
  if (!msix_.write(offset, data)) return writes_dropped_.add();
  if (messages_) msix_.release([this](unsigned vector) { send_message(vector); });
}

// --- Interrupts ------------------------------------------------------------------------------------------------------

void Function::interrupt(unsigned vector) {
  if (vector >= msix_.vectors()) return interrupts_dropped_.add();
  if (intercept_) return intercept_(vector);
  if (!config_.msix_enabled()) return interrupts_dropped_.add();
  if (messages_ && !msix_.masked(vector))
    send_message(vector);
  else
    msix_.set_pending(vector);
}

void Function::send_message(unsigned vector) {
  const Msix::Message message = msix_.message(vector);
  std::array<std::byte, sizeof message.data> payload;
  std::memcpy(payload.data(), &message.data, sizeof message.data);
  interrupts_.add();
  link_.post(requester(), message.address, payload);
}

// --- DMA -------------------------------------------------------------------------------------------------------------

bool Function::write(std::uint64_t address, std::span<const std::byte> from) {
  if (!masters_ || !link_.up()) return false;
  if (from.empty()) return true;
  if (wraps(address, from.size())) {
    writes_dropped_.add();
    return true;
  }
  link_.reserve_write(from.size());
  if (std::byte* const to = link_.host().direct(requester(), address, from.size(), true))
    std::memcpy(to, from.data(), from.size());
  else
    link_.host().write(requester(), address, from);
  return true;
}

std::byte* Function::write_in_place(std::uint64_t address, std::size_t size) {
  if (!masters_ || !link_.up() || size == 0 || wraps(address, size)) return nullptr;
  std::byte* const place = link_.host().direct(requester(), address, size, true);
  if (place) link_.reserve_write(size);
  return place;
}

bool Function::post(std::uint64_t address, std::span<const std::byte> from) {
  if (!masters_ || !link_.up()) return false;
  if (wraps(address, from.size()))
    writes_dropped_.add();
  else
    link_.post(requester(), address, from);
  return true;
}

void Function::start(DmaRead& read) {
  if (!masters_) return read.complete(DmaStatus::kBusMasterOff);
  if (!link_.up()) return read.complete(DmaStatus::kUnsupportedRequest);
  HostPort& host = link_.host();
  std::uint64_t bytes = 0;
  bool direct = true;
  for (const DmaSegment& segment : read.segments()) {
    if (wraps(segment.address, segment.size)) return read.complete(DmaStatus::kUnsupportedRequest);
    bytes += segment.size;
    direct = direct && (segment.size == 0 || host.direct(requester(), segment.address, segment.size, false));
  }
  const sc_time due = link_.reserve_read(bytes);
  reads_until_ = std::max(reads_until_, due);
  if (direct)
    read.settle_at(due);
  else
    host.read(requester(), read);
}

void Function::abandon(DmaRead& read) { link_.host().abandon(read); }

DmaStatus Function::settle(DmaRead& read) {
  if (!link_.up()) return DmaStatus::kUnsupportedRequest;
  std::byte* to = read.buffer();
  for (const DmaSegment& segment : read.segments()) {
    if (segment.size == 0) continue;
    // What was direct when the request left may be gone since.
    const std::byte* const from = link_.host().direct(requester(), segment.address, segment.size, false);
    if (!from) {
      config_.note_received_unsupported_request();
      return DmaStatus::kUnsupportedRequest;
    }
    std::memcpy(to, from, segment.size);
    to += segment.size;
  }
  return DmaStatus::kOk;
}

}  // namespace cardvp::pcie
