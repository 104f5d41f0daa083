#include "models/pcie/endpoint.h"

#include <algorithm>
#include <cassert>

#include "models/pcie/registers.h"

namespace cardvp::pcie {
namespace {

constexpr std::uint64_t kPageSize = link_regs::kBank.size;
static_assert(kPageSize == function_regs::kBank.size);

constexpr ReadResult kUnsupported{Completion::kUnsupportedRequest, ~0ull};

}  // namespace

Endpoint::Endpoint(sc_core::sc_module_name name, Sim& sim, Link& link)
    : RegisterTarget(name, sim, link_regs::kBank),
      link_(link),
      vacant_(function_regs::kBank),
      unclaimed_reads_(counter("unclaimed_reads", "requests")),
      unclaimed_writes_(counter("unclaimed_writes", "requests")) {
  link_.connect(*this);
  registers_.on_read(link_regs::STATUS, [this](std::uint32_t) {
    return link_regs::STATUS_UP.in(link_.up()) | link_regs::STATUS_GENERATION.in(link_.config().generation) |
           link_regs::STATUS_LANES.in(link_.config().lanes);
  });
  registers_.on_read(link_regs::FUNCTIONS, [](std::uint32_t) { return link_regs::FUNCTIONS_COUNT.in(kMaxFunctions); });
  registers_.on_write(link_regs::CONTROL, [this](const RegisterWrite& write) {
    if (write.value == write.old) return;
    actions_.spawn(enable_at(access_time(), link_regs::CONTROL_ENABLE.of(write.value)));
  });
}

void Endpoint::add(Function& function) {
  assert(!functions_[function.number()]);
  functions_[function.number()] = &function;
  if (const auto physical = function.physical_number()) {
    assert(functions_[*physical]);
    functions_[*physical]->adopt_virtual(function);
  }
  function.on_decode_change([this] { decode_changed_ = true; });
  function.control().on_write(function_regs::CONTROL, [this, &function](const RegisterWrite& write) {
    if (write.value == write.old) return;
    actions_.spawn(set_present_at(access_time(), function, function_regs::CONTROL_PRESENT.of(write.value)));
  });
  if (function.physical_number() || ++count_ < 2) return;
  for (Function* each : functions_)
    if (each && !each->physical_number()) each->set_multifunction();
}

void Endpoint::reset() {
  actions_.cancel();
  link_.enable(false);
  registers_.reset();
  for (Function* function : functions_) {
    if (!function) continue;
    function->set_present(false);
    function->control().reset();
  }
}

Task<> Endpoint::enable_at(sc_core::sc_time time, bool on) {
  co_await scheduler().until(time);
  link_.enable(on);
}

Task<> Endpoint::set_present_at(sc_core::sc_time time, Function& function, bool on) {
  co_await scheduler().until(time);
  function.set_present(on);
}

bool Endpoint::access(const BusAccess& access) {
  const std::uint64_t page = access.offset / kPageSize;
  BusAccess within = access;
  within.offset %= kPageSize;
  if (page == 0) return access_bank(registers_, within);
  if (page > kMaxFunctions) return false;
  if (Function* function = functions_[page - 1]) return access_bank(function->control(), within);
  const bool done = access_bank(vacant_, within);
  if (access.write) vacant_.reset();
  return done;
}

// --- Requests of the host --------------------------------------------------------------------------------------------

void Endpoint::link_reset() {
  for (Function* function : functions_)
    if (function) function->reset();
}

Function* Endpoint::configured(std::uint8_t function, std::uint16_t offset, unsigned size) {
  Function* const target = functions_[function];
  const bool within_dword = (size == 1 || size == 2 || size == 4) && offset % 4 + size <= 4 && offset < 0x1000;
  if (!target || !target->present() || !within_dword) return nullptr;
  if (target->has_virtual()) target->offer_ari_hierarchy(is_lowest_physical(*target));
  return target;
}

bool Endpoint::is_lowest_physical(const Function& function) const {
  const auto found = std::find_if(functions_.begin(), functions_.end(),
                                  [](const Function* one) { return one && one->present() && one->has_virtual(); });
  return found != functions_.end() && *found == &function;
}

ReadResult Endpoint::config_read(std::uint8_t, std::uint8_t function, std::uint16_t offset, unsigned size) {
  Function* const target = configured(function, offset, size);
  if (!target) return kUnsupported;
  target->set_next_function(next_function(*target));
  return {Completion::kSuccess, target->config_read(offset, size)};
}

// By which system software finds functions: virtual ones are not in that list (7.8.7.2).
std::uint8_t Endpoint::next_function(const Function& function) const {
  for (unsigned number = function.number() + 1u; number < kMaxFunctions && !function.physical_number(); ++number) {
    const Function* const next = functions_[number];
    if (next && next->present() && !next->physical_number()) return static_cast<std::uint8_t>(number);
  }
  return 0;
}

Completion Endpoint::config_write(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size,
                                  std::uint32_t value) {
  Function* const target = configured(function, offset, size);
  if (!target) return Completion::kUnsupportedRequest;
  target->capture_bus(bus);  // of writes only (2.2.6.2)
  target->config_write(offset, size, value);
  return Completion::kSuccess;
}

ReadResult Endpoint::memory_read(std::uint64_t address, unsigned size) {
  const Claim* const claim = find(address);
  if (claim) return claim->function->bar_read(claim->bar, address - claim->base, size);
  unclaimed_reads_.add();
  unclaimed(false);
  return kUnsupported;
}

void Endpoint::memory_write(std::uint64_t address, std::span<const std::byte> data) {
  const Claim* const claim = find(address);
  if (claim) return claim->function->bar_write(claim->bar, address - claim->base, data);
  unclaimed_writes_.add();
  unclaimed(true);
}

// An error that belongs to no function is noted by all of them but virtual ones (6.2.4, 9.4).
void Endpoint::unclaimed(bool posted) {
  for (Function* function : functions_)
    if (function && function->present() && !function->physical_number()) function->note_unsupported_request(posted);
}

// --- Decode ----------------------------------------------------------------------------------------------------------

const Endpoint::Claim* Endpoint::find(std::uint64_t address) {
  if (decode_changed_) decode();
  const auto holds = [address](const Claim& claim) { return address >= claim.first && address <= claim.last; };
  if (last_hit_ < claims_.size() && holds(claims_[last_hit_])) return &claims_[last_hit_];
  auto after = std::upper_bound(claims_.begin(), claims_.end(), address,
                                [](std::uint64_t at, const Claim& claim) { return at < claim.first; });
  if (after == claims_.begin() || !holds(*--after)) return nullptr;
  last_hit_ = static_cast<std::size_t>(after - claims_.begin());
  return &*after;
}

void Endpoint::decode() {
  decode_changed_ = false;
  claims_.clear();
  for (Function* function : functions_)
    for (unsigned bar = 0; function && bar < 6; ++bar)
      if (const auto window = function->window(bar))
        add_claim({window->first, window->last, window->first, function, bar});
}

// Adds what no earlier claim took. Windows are aligned to their sizes, so each piece is at least a page, and no access
// that is aligned can reach from one claim into another.
void Endpoint::add_claim(Claim claim) {
  const auto earlier = static_cast<std::ptrdiff_t>(claims_.size());
  bool left = true;
  for (std::ptrdiff_t i = 0; i < earlier && left; ++i) {
    const Claim taken = claims_[static_cast<std::size_t>(i)];
    if (taken.last < claim.first) continue;
    if (taken.first > claim.last) break;
    if (taken.first > claim.first) {
      Claim piece = claim;
      piece.last = taken.first - 1;
      claims_.push_back(piece);
    }
    left = taken.last < claim.last;
    claim.first = taken.last + 1;  // wraps to 0 only if nothing is left
  }
  if (left) claims_.push_back(claim);
  // What was added is in order, too.
  std::inplace_merge(claims_.begin(), claims_.begin() + earlier, claims_.end(),
                     [](const Claim& a, const Claim& b) { return a.first < b.first; });
}

}  // namespace cardvp::pcie
