#include "rtl/build/resolve.h"

#include <algorithm>
#include <cctype>
#include <regex>
#include <set>

#include <fmt/format.h>

#include "models/support/config_error.h"
#include "rtl/build/protocols.h"

namespace cardvp::rtl {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

class Resolver {
 public:
  Resolver(const BlockSource& source, const std::vector<Port>& ports) : source_(source), ports_(ports) {}

  Resolution run() {
    result_.description.name = source_.name;
    result_.description.top = source_.top;
    result_.description.address_size = source_.address_size;
    find_clocks();
    find_resets();
    for (const InterfaceSource& interface : source_.interfaces) add_interface(interface, false);
    find_interfaces();
    find_interrupts();
    for (const Port& port : ports_)
      if (!used_.contains(port.name)) result_.left_over.push_back(port);
    return std::move(result_);
  }

 private:
  const Port* port(const std::string& name) const {
    const auto found = std::find_if(ports_.begin(), ports_.end(), [&](const Port& p) { return p.name == name; });
    return found == ports_.end() ? nullptr : &*found;
  }
  // Of a prefix and a signal, in whatever case.
  const Port* port_called(const std::string& name) const {
    if (const Port* const exact = port(name)) return exact;
    const auto found =
        std::find_if(ports_.begin(), ports_.end(), [&](const Port& p) { return lower(p.name) == lower(name); });
    return found == ports_.end() ? nullptr : &*found;
  }

  void take_bit(const std::string& name, bool input, const std::string& pointer) {
    const Port* const found = port(name);
    if (!found) throw ConfigError(pointer, fmt::format("the module {} has no port {}", source_.top, name));
    if (found->is_input != input || found->width != 1)
      throw ConfigError(pointer, fmt::format("an {} of one bit", input ? "input" : "output"),
                        fmt::format("{}, an {} of {}", name, found->is_input ? "input" : "output", found->width));
    used_.insert(name);
  }

  void find_clocks() {
    auto& clocks = result_.description.clocks;
    if (source_.clocks) {
      clocks = *source_.clocks;
    } else {
      static const std::regex kName("(.*_)?(a|p|h|i_|sys_)?(clk|clock)(_i|_in)?");
      for (const Port& candidate : ports_)
        if (candidate.is_input && candidate.width == 1 && std::regex_match(lower(candidate.name), kName)) {
          clocks.push_back({candidate.name});
          result_.by_convention.push_back(candidate.name);
        }
    }
    for (std::size_t i = 0; i < clocks.size(); ++i) take_bit(clocks[i].port, true, fmt::format("/clocks/{}/port", i));
    if (clocks.empty()) throw ConfigError("/clocks", "the block's clock: no input is called like one", "nothing");
  }

  // `pointer`: of what names it.
  std::string clock(const std::string& name, const std::string& pointer) const {
    const auto& clocks = result_.description.clocks;
    if (name.empty()) return clocks.front().port;
    for (const ClockDescription& candidate : clocks)
      if (candidate.port == name) return name;
    throw ConfigError(pointer, "one of the block's clocks", name);
  }

  void find_resets() {
    std::vector<ResetSource> resets;
    if (source_.resets) {
      resets = *source_.resets;
    } else {
      static const std::regex kName("(.*_)?(a|p|h|i_|sys_)?(n?rst|n?reset)(_?n)?(_?i|_in)?");
      for (const Port& candidate : ports_)
        if (candidate.is_input && candidate.width == 1 && std::regex_match(lower(candidate.name), kName)) {
          resets.push_back({candidate.name, clock_beside(candidate.name), std::nullopt});
          result_.by_convention.push_back(candidate.name);
        }
    }
    for (std::size_t i = 0; i < resets.size(); ++i) {
      const ResetSource& reset = resets[i];
      take_bit(reset.port, true, fmt::format("/resets/{}/port", i));
      static const std::regex kLow(".*(rst|reset)_?n(_?i|_in)?|(.*_)?n(rst|reset)(_?i|_in)?");
      result_.description.resets.push_back({reset.port,
                                            reset.active_low.value_or(std::regex_match(lower(reset.port), kLow)),
                                            reset.cycles, clock(reset.clock, fmt::format("/resets/{}/clock", i))});
    }
  }

  // The clock with the longest prefix in common with a port that ends behind an underscore; empty: none.
  std::string clock_beside(const std::string& name) const {
    std::string best;
    std::size_t longest = 0;
    for (const ClockDescription& candidate : result_.description.clocks) {
      const auto end = std::mismatch(name.begin(), name.end(), candidate.port.begin(), candidate.port.end()).first;
      const std::string common(name.begin(), end);
      const std::size_t size = common.rfind('_') == std::string::npos ? 0 : common.rfind('_') + 1;
      if (size > longest) {
        longest = size;
        best = candidate.port;
      }
    }
    return best;
  }

  // Which ports are the signals of an interface.
  std::map<std::string, const Port*> match(const InterfaceSource& interface) const {
    std::map<std::string, const Port*> found;
    const auto signals = signals_of(interface.kind);
    for (const Signal& signal : signals)
      if (const Port* const candidate = port_called(interface.prefix + std::string(signal.name)))
        if (!used_.contains(candidate->name)) found[std::string(signal.name)] = candidate;
    for (const auto& [name, port_name] : interface.signals) {
      const std::string pointer = interface.pointer + "/signals/" + name;
      if (std::none_of(signals.begin(), signals.end(), [&](const Signal& signal) { return signal.name == name; }))
        throw ConfigError(pointer, fmt::format("{} has no signal {}", to_string(interface.kind), name));
      if (port_name.empty()) {
        found.erase(name);
        continue;
      }
      found[name] = port(port_name);
      if (!found[name]) throw ConfigError(pointer, fmt::format("the module {} has no port {}", source_.top, port_name));
    }
    return found;
  }

  InterfaceRole role(const InterfaceSource& interface, const std::map<std::string, const Port*>& ports) const {
    if (interface.role) {
      if (role_of(interface.kind, initiates(*interface.role)) != *interface.role)
        throw ConfigError(interface.pointer + "/role", fmt::format("a role of {}", to_string(interface.kind)),
                          std::string(to_string(*interface.role)));
      return *interface.role;
    }
    for (const std::string_view mark : marks_of(interface.kind))
      if (const auto found = ports.find(std::string(mark)); found != ports.end())
        return role_of(interface.kind, !found->second->is_input);
    throw ConfigError(interface.pointer,
                      fmt::format("ports of {}: with the prefix \"{}\" there is no {}", to_string(interface.kind),
                                  interface.prefix, marks_of(interface.kind).front()),
                      "nothing");
  }

  void check_signals(const InterfaceSource& interface, InterfaceRole role,
                     const std::map<std::string, const Port*>& ports) const {
    std::set<char> groups;
    for (const Signal& signal : signals_of(interface.kind))
      if (signal.group == 'a' || (signal.required && ports.contains(std::string(signal.name))))
        groups.insert(signal.group);
    for (const Signal& signal : signals_of(interface.kind)) {
      const auto found = ports.find(std::string(signal.name));
      if (found != ports.end())
        check_signal(interface, signal, role, *found->second, ports);
      else if (signal.required && groups.contains(signal.group))
        throw ConfigError(fmt::format("{}/signals/{}", interface.pointer, signal.name),
                          fmt::format("{} {}: the module {} has no port {}{}", to_string(interface.kind),
                                      to_string(role), source_.top, interface.prefix, signal.name));
    }
  }

  void check_signal(const InterfaceSource& interface, const Signal& signal, InterfaceRole role, const Port& port,
                    const std::map<std::string, const Port*>& ports) const {
    const std::string pointer = fmt::format("{}/signals/{}", interface.pointer, signal.name);
    const bool driven_by_block = signal.from_initiator == initiates(role);
    if (port.is_input == driven_by_block)
      throw ConfigError(pointer,
                        fmt::format("an {} of {}: the block is its {}", driven_by_block ? "output" : "input",
                                    to_string(interface.kind), to_string(role)),
                        fmt::format("{}, an {}", port.name, port.is_input ? "input" : "output"));
    unsigned width = signal.width;
    if (const auto other = ports.find(std::string(signal.widths_of)); other != ports.end())
      width = std::max(other->second->width / signal.divided_by, 1u);
    if (width != 0 && port.width != width)
      throw ConfigError(pointer,
                        fmt::format("{} bit{}{}", width, width == 1 ? "" : "s",
                                    signal.widths_of.empty() ? "" : fmt::format(", as of {}", signal.widths_of)),
                        fmt::format("{} of {}", port.name, port.width));
    if (signal.name.ends_with("data") && (port.width % 8 != 0 || port.width > 1024))
      throw ConfigError(pointer, "whole bytes, at most 128", fmt::format("{} of {} bits", port.name, port.width));
  }

  void add_interface(const InterfaceSource& interface, bool by_convention) {
    const auto ports = match(interface);
    InterfaceDescription description;
    description.kind = interface.kind;
    description.role = role(interface, ports);
    check_signals(interface, description.role, ports);
    std::string name = interface.name.empty() ? interface.prefix : interface.name;
    while (name.ends_with('_')) name.pop_back();
    description.name = name.empty() ? std::string(to_string(interface.kind)) : name;
    if (result_.description.interface(description.name))
      throw ConfigError(interface.pointer + "/name", "a name that no other interface has", description.name);
    description.clock =
        clock(interface.clock.empty() ? clock_beside(interface.prefix) : interface.clock, interface.pointer + "/clock");
    for (const auto& [signal, port] : ports) {
      if (!used_.insert(port->name).second)
        throw ConfigError(fmt::format("{}/signals/{}", interface.pointer, signal), "a port that nothing else uses",
                          port->name);
      description.signals[signal] = port->name;
    }
    if (by_convention) result_.by_convention.push_back(description.name);
    result_.description.interfaces.push_back(std::move(description));
  }

  // A port called PREFIXawvalid or the like begins an interface.
  void find_interfaces() {
    for (const Port& candidate : ports_)
      for (const InterfaceKind kind :
           {InterfaceKind::kAxi4, InterfaceKind::kAxiStream, InterfaceKind::kApb, InterfaceKind::kRegisterPort})
        for (const std::string_view mark : marks_of(kind))
          if (!used_.contains(candidate.name) && lower(candidate.name).ends_with(mark))
            begin_interface(candidate, kind, mark);
  }

  void begin_interface(const Port& candidate, InterfaceKind kind, std::string_view mark) {
    InterfaceSource found;
    found.prefix = candidate.name.substr(0, candidate.name.size() - mark.size());
    found.kind = kind;
    if (kind == InterfaceKind::kAxi4 && !port_called(found.prefix + "awlen") && !port_called(found.prefix + "arlen"))
      found.kind = InterfaceKind::kAxiLite;
    // Names as short as "cs" are chance, unless all the others are there.
    if (kind == InterfaceKind::kRegisterPort || kind == InterfaceKind::kApb) {
      if (!candidate.is_input || (!found.prefix.empty() && !found.prefix.ends_with('_'))) return;
      for (const Signal& signal : signals_of(kind))
        if (signal.required && !port_called(found.prefix + std::string(signal.name))) return;
    }
    found.pointer = fmt::format("/interfaces ({}, found by name)", candidate.name);
    add_interface(found, true);
  }

  void find_interrupts() {
    auto& interrupts = result_.description.interrupts;
    if (source_.interrupts) {
      interrupts = *source_.interrupts;
      for (std::size_t i = 0; i < interrupts.size(); ++i)
        take_bit(interrupts[i], false, fmt::format("/interrupts/{}", i));
      return;
    }
    static const std::regex kName("(.*_)?(irq|intr|interrupt)(_o|_out)?");
    for (const Port& candidate : ports_)
      if (!candidate.is_input && candidate.width == 1 && !used_.contains(candidate.name) &&
          std::regex_match(lower(candidate.name), kName)) {
        interrupts.push_back(candidate.name);
        result_.by_convention.push_back(candidate.name);
        used_.insert(candidate.name);
      }
  }

  const BlockSource& source_;
  const std::vector<Port>& ports_;
  std::set<std::string> used_;
  Resolution result_;
};

}  // namespace

Resolution resolve(const BlockSource& source, const std::vector<Port>& ports) { return Resolver(source, ports).run(); }

}  // namespace cardvp::rtl
