#include "models/arm/gdb/session.h"

#include <algorithm>

#include "models/arm/gdb/target_description.h"

namespace cardvp::arm::gdb {
namespace {

constexpr std::size_t kMaxBytes = kMaxPacket / 2;  // of memory or description in one answer
constexpr const char* kOk = "OK";
constexpr const char* kError = "E01";

constexpr const char* kHelp =
    "monitor time   the simulated time; it stands still while the cores are halted\n"
    "monitor reset  reset the machine as soon as it goes on (continue); it halts ahead of the first instruction\n"
    "monitor help   this text\n";

std::uint64_t thread_of(const DebugPort& core) { return core.number() + 1; }

// A thread id; -1, all, and 0, any, as nothing.
std::optional<std::uint64_t> thread_id(Fields& fields) {
  if (fields.skip("-1")) return std::nullopt;
  const std::uint64_t id = fields.number();
  return id == 0 ? std::nullopt : std::optional(id);
}

Point point(Fields fields) {
  const std::uint64_t type = fields.number();
  if (type > static_cast<std::uint64_t>(PointType::kAccess)) throw Fields::Malformed{};
  fields.expect(",");
  const std::uint64_t address = fields.number();
  fields.expect(",");
  const std::uint64_t kind = fields.number();  // of a breakpoint: the instruction's size, which is always 4
  const bool watchpoint = type >= static_cast<std::uint64_t>(PointType::kWrite);
  return {static_cast<PointType>(type), address, watchpoint ? kind : 0};
}

const char* stop_word(PointType type) {
  switch (type) {
    case PointType::kSoftware: return "swbreak";
    case PointType::kHardware: return "hwbreak";
    case PointType::kWrite: return "watch";
    case PointType::kRead: return "rwatch";
    case PointType::kAccess: break;
  }
  return "awatch";
}

}  // namespace

Session::Session(const std::vector<DebugPort*>& cores, DebugPort& stopped, const Monitor& monitor)
    : cores_(cores), monitor_(monitor), selected_(&stopped), applied_(cores.size()), stepping_(cores.size()) {
  stop(stopped, Signal::kTrap, {});
}

Session::~Session() {
  for (DebugPort* core : cores_) Breakpoints{}.apply(*core);
}

DebugPort& Session::core_of(std::uint64_t thread) const {
  if (thread == 0 || thread > cores_.size()) throw Refused{};
  return *cores_[thread - 1];
}

Session::Answer Session::answer(std::string_view packet) {
  try {
    return dispatch(packet);
  } catch (const Refused&) {
    return {{kError}};
  } catch (const Fields::Malformed&) {
    return {{kError}};
  }
}

Session::Answer Session::dispatch(std::string_view packet) {
  if (packet.empty()) return {{""}};
  const Fields fields(packet.substr(1));
  switch (packet.front()) {
    case '?': return {{stop_reply_}};
    case 'D': return {{kOk}, Next::kDetach};
    case 'g': return {{read_registers()}};
    case 'G': return {{write_registers(fields)}};
    case 'H': return {{select_thread(fields)}};
    case 'k': return {{}, Next::kKill};
    case 'm': return {{read_memory(fields)}};
    case 'M': return {{write_memory(fields, false)}};
    case 'p': return {{read_one_register(fields)}};
    case 'P': return {{write_one_register(fields)}};
    case 'q': return {{query(fields)}};
    case 'Q': return {{set_query(fields)}};
    case 'T': core_of(Fields(fields).number()); return {{kOk}};
    case 'v': return extended(fields);
    case 'X': return {{write_memory(fields, true)}};
    case 'z': return {{change_breakpoint(fields, false)}};
    case 'Z': return {{change_breakpoint(fields, true)}};
    default: return {{""}};  // as the protocol wants it for what is not known
  }
}

std::string Session::query(Fields fields) {
  if (fields.skip("Supported")) return supported(fields);
  if (fields.skip("Xfer:features:read:target.xml:")) return transfer(fields);
  if (fields.skip("fThreadInfo")) return threads();
  if (fields.skip("sThreadInfo")) return "l";
  if (fields.skip("ThreadExtraInfo,")) return to_hex(thread_info(core_of(fields.number())));
  if (fields.skip("Attached")) return "1";  // when gdb quits, it leaves the machine running
  if (fields.skip("Rcmd,")) {
    const auto command = from_hex(fields.rest());
    if (!command) throw Refused{};
    return to_hex(monitor({reinterpret_cast<const char*>(command->data()), command->size()}));
  }
  if (fields.rest() == "C") return fmt::format("QC{:x}", thread_of(*selected_));
  return "";
}

std::string Session::set_query(Fields fields) {
  if (fields.rest() != "StartNoAckMode") return "";
  acknowledges_ = false;
  return kOk;
}

std::string Session::supported(Fields fields) {
  fields.skip(":");
  while (!fields.rest().empty())
    if (fields.until(';') == "swbreak+") knows_breakpoint_reasons_ = true;
  return fmt::format("PacketSize={:x};QStartNoAckMode+;qXfer:features:read+;swbreak+;hwbreak+;vContSupported+",
                     kMaxPacket);
}

std::string Session::transfer(Fields fields) {
  const std::uint64_t from = fields.number();
  fields.expect(",");
  const std::uint64_t size = std::min<std::uint64_t>(fields.number(), kMaxBytes);
  const std::string& xml = target_description();
  if (from > xml.size()) throw Refused{};
  return (from + size < xml.size() ? "m" : "l") + xml.substr(from, size);
}

std::string Session::monitor(std::string_view command) {
  if (command == "time") return fmt::format("simulated time: {}\n", monitor_.now().to_string());
  if (command == "reset" && monitor_.reset) {
    reset_ = true;
    return "the machine will be reset as soon as it goes on (continue)\n";
  }
  return kHelp;
}

std::string Session::threads() const {
  std::string list;
  for (const DebugPort* core : cores_) list += fmt::format("{}{:x}", list.empty() ? 'm' : ',', thread_of(*core));
  return list;
}

std::string Session::thread_info(const DebugPort& core) const {
  if (!core.powered()) return fmt::format("core {}, off", core.number());
  return fmt::format("core {}, EL{}, {}", core.number(), core.level(), core.sleeping() ? "WFI or WFE" : "running");
}

std::string Session::select_thread(Fields fields) {
  const bool for_access = fields.skip("g");
  if (!for_access) fields.expect("c");  // which vCont says for itself
  const auto thread = thread_id(fields);
  if (thread && for_access) selected_ = &core_of(*thread);
  return kOk;
}

Session::Answer Session::extended(Fields fields) {
  if (fields.skip("Cont?")) return {{"vCont;c;C;s;S"}};
  if (fields.skip("Cont")) return resume(fields);
  if (fields.skip("Kill")) return {{kOk}, Next::kKill};
  return {{""}};
}

Session::Answer Session::resume(Fields fields) {
  fields.expect(";");
  std::vector<std::optional<Action>> chosen(cores_.size());  // by the first action that names the core
  while (!fields.rest().empty()) {
    Fields action(fields.until(';'));
    const bool step = action.skip("s") || action.skip("S");
    if (!step && !action.skip("c")) action.expect("C");
    if (!action.rest().starts_with(":")) action.until(':');  // the signal, which means nothing to a core
    action.skip(":");
    const auto thread = action.rest().empty() ? std::nullopt : thread_id(action);
    for (DebugPort* core : cores_)
      if (auto& choice = chosen[core->number()]; !choice && (!thread || &core_of(*thread) == core))
        choice = step ? Action::kStep : Action::kRun;
  }

  const auto goes_on = [&](const DebugPort* core) { return core->powered() && chosen[core->number()].has_value(); };
  for (DebugPort* core : cores_)
    if (!core->powered() && chosen[core->number()] == Action::kStep) return refuse_to_resume(*core);
  if (std::ranges::none_of(cores_, goes_on)) return refuse_to_resume(*selected_);

  for (DebugPort* core : cores_) {
    const unsigned i = core->number();
    stepping_[i] = chosen[i] == Action::kStep;
    if (stepping_[i]) core->step();
    // Cores that gdb wants to stand still run nevertheless, if the quantum ends in between. They keep what gdb takes
    // out so that the one that goes on gets past it, or they would miss it.
    if (!chosen[i] || applied_[i] == breakpoints_) continue;
    breakpoints_.apply(*core);
    applied_[i] = breakpoints_;
  }
  return {{}, Next::kResume};
}

// In gdb's view it was resumed and stopped at once.
Session::Answer Session::refuse_to_resume(DebugPort& core) {
  const std::string why = fmt::format("core {} is off: another one has to start it (PSCI CPU_ON)\n", core.number());
  return {{console(why), stopped(core, Signal::kInterrupt)}};
}

std::string Session::console(std::string_view text) { return "O" + to_hex(text); }

const std::string& Session::stopped(DebugPort& core, const Halt& halt) {
  if (halt.reason == Halt::Reason::kRequested) return stopped(core, Signal::kInterrupt);
  std::string reason;
  const std::uint64_t pc = core.registers().pc;
  if (halt.reason == Halt::Reason::kBreakpoint && knows_breakpoint_reasons_)
    reason = fmt::format(
        "{}:;",
        stop_word(applied_[core.number()].has(PointType::kSoftware, pc) ? PointType::kSoftware : PointType::kHardware));
  if (halt.reason == Halt::Reason::kWatchpoint)
    if (const Point* point = applied_[core.number()].watchpoint(halt.address))  // gdb wants an address inside of it
      reason = fmt::format("{}:{:x};", stop_word(point->type), std::max(halt.address, point->address));
  return stop(core, Signal::kTrap, reason);
}

const std::string& Session::stopped(DebugPort& core, Signal signal) { return stop(core, signal, ""); }

const std::string& Session::stop(DebugPort& core, Signal signal, std::string_view reason) {
  selected_ = &core;
  stop_reply_ = fmt::format("T{:02x}{}thread:{:x};", static_cast<unsigned>(signal), reason, thread_of(core));
  for (const unsigned number : {kFp, kSp, kPc})  // saves gdb from asking
    stop_reply_ += fmt::format("{:x}:{};", number, to_hex(read_register(core, number)));
  return stop_reply_;
}

std::string Session::read_registers() {
  std::string values;
  for (unsigned i = 0; i < kGeneralRegisters; ++i) values += to_hex(read_register(*selected_, i));
  return values;
}

std::string Session::write_registers(Fields fields) {
  const auto values = from_hex(fields.rest());
  std::size_t size = 0;
  for (unsigned i = 0; i < kGeneralRegisters; ++i) size += register_size(i);
  if (!values || values->size() != size) throw Refused{};
  std::span<const std::byte> rest = *values;
  for (unsigned i = 0; i < kGeneralRegisters; ++i) {
    write_register(*selected_, i, rest.first(register_size(i)));
    rest = rest.subspan(register_size(i));
  }
  return kOk;
}

std::string Session::read_one_register(Fields fields) {
  const std::uint64_t number = fields.number();
  if (number >= register_count()) throw Refused{};
  return to_hex(read_register(*selected_, static_cast<unsigned>(number)));
}

std::string Session::write_one_register(Fields fields) {
  const std::uint64_t number = fields.number();
  fields.expect("=");
  const auto value = from_hex(fields.rest());
  if (number >= register_count() || !value) throw Refused{};
  const auto at = static_cast<unsigned>(number);
  if (value->size() != register_size(at) || !write_register(*selected_, at, *value)) throw Refused{};
  return kOk;
}

std::string Session::read_memory(Fields fields) {
  const std::uint64_t address = fields.number();
  fields.expect(",");
  std::vector<std::byte> bytes(std::min<std::uint64_t>(fields.number(), kMaxBytes));
  if (!selected_->read_memory(address, bytes)) throw Refused{};
  return to_hex(bytes);
}

std::string Session::write_memory(Fields fields, bool binary) {
  const std::uint64_t address = fields.number();
  fields.expect(",");
  const std::uint64_t size = fields.number();
  fields.expect(":");
  std::optional<std::vector<std::byte>> bytes;
  if (binary) {
    const auto content = std::as_bytes(std::span(fields.rest()));
    bytes.emplace(content.begin(), content.end());
  } else {
    bytes = from_hex(fields.rest());
  }
  if (!bytes || bytes->size() != size) throw Refused{};
  if (size != 0 && !selected_->write_memory(address, *bytes)) throw Refused{};
  return kOk;
}

std::string Session::change_breakpoint(Fields fields, bool insert) {
  const Point changed = point(fields);
  if (!insert)
    breakpoints_.remove(changed);
  else if (!breakpoints_.insert(changed))
    throw Refused{};
  return kOk;
}

}  // namespace cardvp::arm::gdb
