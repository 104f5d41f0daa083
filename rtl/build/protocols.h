// The signals of the protocols that blocks speak: who drives each, how wide it is, which must be there.
//
// AXI and AXI-Lite: AMBA AXI Protocol Specification (IHI 0022); AXI-Stream: IHI 0051; APB: IHI 0024. The register port
// is the plain one of many open blocks: chip select, write enable, address, write data, read data.
#pragma once

#include <span>
#include <string_view>

#include "rtl/description.h"

namespace cardvp::rtl {

struct Signal {
  std::string_view name;
  bool from_initiator;  // of the master, or of a stream's source
  unsigned width;       // bits; 0: any
  char group;           // all required ones of a group are there, or none: 'w'rite, 'r'ead; 'a'lways
  bool required;
  std::string_view widths_of = {};  // as wide as this signal,
  unsigned divided_by = 1;          // or so many times narrower
};

std::span<const Signal> signals_of(InterfaceKind kind);
// The signal whose port tells, by its name and direction, that there is such an interface; for AXI that of either
// group.
std::span<const std::string_view> marks_of(InterfaceKind kind);

inline bool initiates(InterfaceRole role) { return role == InterfaceRole::kMaster || role == InterfaceRole::kSource; }
InterfaceRole role_of(InterfaceKind kind, bool initiator);

}  // namespace cardvp::rtl
