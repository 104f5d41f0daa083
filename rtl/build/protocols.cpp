#include "rtl/build/protocols.h"

#include <array>

namespace cardvp::rtl {
namespace {

constexpr bool kInitiator = true, kResponder = false, kRequired = true, kOptional = false;

constexpr Signal kAxiLite[] = {
    {"awaddr", kInitiator, 0, 'w', kRequired},  {"awprot", kInitiator, 3, 'w', kOptional},
    {"awvalid", kInitiator, 1, 'w', kRequired}, {"awready", kResponder, 1, 'w', kRequired},
    {"wdata", kInitiator, 0, 'w', kRequired},   {"wstrb", kInitiator, 0, 'w', kOptional, "wdata", 8},
    {"wvalid", kInitiator, 1, 'w', kRequired},  {"wready", kResponder, 1, 'w', kRequired},
    {"bresp", kResponder, 2, 'w', kOptional},   {"bvalid", kResponder, 1, 'w', kRequired},
    {"bready", kInitiator, 1, 'w', kRequired},  {"araddr", kInitiator, 0, 'r', kRequired},
    {"arprot", kInitiator, 3, 'r', kOptional},  {"arvalid", kInitiator, 1, 'r', kRequired},
    {"arready", kResponder, 1, 'r', kRequired}, {"rdata", kResponder, 0, 'r', kRequired, "wdata"},
    {"rresp", kResponder, 2, 'r', kOptional},   {"rvalid", kResponder, 1, 'r', kRequired},
    {"rready", kInitiator, 1, 'r', kRequired},
};

constexpr Signal kAxi4[] = {
    {"awid", kInitiator, 0, 'w', kOptional},
    {"awaddr", kInitiator, 0, 'w', kRequired},
    {"awlen", kInitiator, 8, 'w', kRequired},
    {"awsize", kInitiator, 3, 'w', kOptional},
    {"awburst", kInitiator, 2, 'w', kOptional},
    {"awlock", kInitiator, 1, 'w', kOptional},
    {"awcache", kInitiator, 4, 'w', kOptional},
    {"awprot", kInitiator, 3, 'w', kOptional},
    {"awqos", kInitiator, 4, 'w', kOptional},
    {"awregion", kInitiator, 4, 'w', kOptional},
    {"awuser", kInitiator, 0, 'w', kOptional},
    {"awvalid", kInitiator, 1, 'w', kRequired},
    {"awready", kResponder, 1, 'w', kRequired},
    {"wdata", kInitiator, 0, 'w', kRequired},
    {"wstrb", kInitiator, 0, 'w', kOptional, "wdata", 8},
    {"wlast", kInitiator, 1, 'w', kRequired},
    {"wuser", kInitiator, 0, 'w', kOptional},
    {"wvalid", kInitiator, 1, 'w', kRequired},
    {"wready", kResponder, 1, 'w', kRequired},
    {"bid", kResponder, 0, 'w', kOptional, "awid"},
    {"bresp", kResponder, 2, 'w', kOptional},
    {"buser", kResponder, 0, 'w', kOptional},
    {"bvalid", kResponder, 1, 'w', kRequired},
    {"bready", kInitiator, 1, 'w', kRequired},
    {"arid", kInitiator, 0, 'r', kOptional},
    {"araddr", kInitiator, 0, 'r', kRequired},
    {"arlen", kInitiator, 8, 'r', kRequired},
    {"arsize", kInitiator, 3, 'r', kOptional},
    {"arburst", kInitiator, 2, 'r', kOptional},
    {"arlock", kInitiator, 1, 'r', kOptional},
    {"arcache", kInitiator, 4, 'r', kOptional},
    {"arprot", kInitiator, 3, 'r', kOptional},
    {"arqos", kInitiator, 4, 'r', kOptional},
    {"arregion", kInitiator, 4, 'r', kOptional},
    {"aruser", kInitiator, 0, 'r', kOptional},
    {"arvalid", kInitiator, 1, 'r', kRequired},
    {"arready", kResponder, 1, 'r', kRequired},
    {"rid", kResponder, 0, 'r', kOptional, "arid"},
    {"rdata", kResponder, 0, 'r', kRequired, "wdata"},
    {"rresp", kResponder, 2, 'r', kOptional},
    {"rlast", kResponder, 1, 'r', kRequired},
    {"ruser", kResponder, 0, 'r', kOptional},
    {"rvalid", kResponder, 1, 'r', kRequired},
    {"rready", kInitiator, 1, 'r', kRequired},
};

constexpr Signal kAxiStream[] = {
    {"tdata", kInitiator, 0, 'a', kOptional},
    {"tstrb", kInitiator, 0, 'a', kOptional, "tdata", 8},
    {"tkeep", kInitiator, 0, 'a', kOptional, "tdata", 8},
    {"tlast", kInitiator, 1, 'a', kOptional},
    {"tid", kInitiator, 0, 'a', kOptional},
    {"tdest", kInitiator, 0, 'a', kOptional},
    {"tuser", kInitiator, 0, 'a', kOptional},
    {"tvalid", kInitiator, 1, 'a', kRequired},
    {"tready", kResponder, 1, 'a', kOptional},
};

constexpr Signal kApb[] = {
    {"paddr", kInitiator, 0, 'a', kRequired},
    {"pprot", kInitiator, 3, 'a', kOptional},
    {"psel", kInitiator, 1, 'a', kRequired},
    {"penable", kInitiator, 1, 'a', kRequired},
    {"pwrite", kInitiator, 1, 'a', kRequired},
    {"pwdata", kInitiator, 0, 'a', kRequired},
    {"pstrb", kInitiator, 0, 'a', kOptional, "pwdata", 8},
    {"pready", kResponder, 1, 'a', kOptional},
    {"prdata", kResponder, 0, 'a', kRequired, "pwdata"},
    {"pslverr", kResponder, 1, 'a', kOptional},
};

constexpr Signal kRegisterPort[] = {
    {"cs", kInitiator, 1, 'a', kRequired},
    {"we", kInitiator, 1, 'a', kRequired},
    {"address", kInitiator, 0, 'a', kRequired},
    {"write_data", kInitiator, 0, 'a', kRequired},
    {"read_data", kResponder, 0, 'a', kRequired, "write_data"},
    {"ready", kResponder, 1, 'a', kOptional},
    {"error", kResponder, 1, 'a', kOptional},
};

constexpr std::string_view kAxiMarks[] = {"awvalid", "arvalid"};
constexpr std::string_view kStreamMarks[] = {"tvalid"};
constexpr std::string_view kApbMarks[] = {"penable"};
constexpr std::string_view kRegisterMarks[] = {"cs"};

}  // namespace

std::span<const Signal> signals_of(InterfaceKind kind) {
  switch (kind) {
    case InterfaceKind::kAxiLite: return kAxiLite;
    case InterfaceKind::kAxi4: return kAxi4;
    case InterfaceKind::kAxiStream: return kAxiStream;
    case InterfaceKind::kApb: return kApb;
    case InterfaceKind::kRegisterPort: return kRegisterPort;
  }
  return {};
}

std::span<const std::string_view> marks_of(InterfaceKind kind) {
  switch (kind) {
    case InterfaceKind::kAxiLite:
    case InterfaceKind::kAxi4: return kAxiMarks;
    case InterfaceKind::kAxiStream: return kStreamMarks;
    case InterfaceKind::kApb: return kApbMarks;
    case InterfaceKind::kRegisterPort: return kRegisterMarks;
  }
  return {};
}

InterfaceRole role_of(InterfaceKind kind, bool initiator) {
  if (kind == InterfaceKind::kAxiStream) return initiator ? InterfaceRole::kSource : InterfaceRole::kSink;
  return initiator ? InterfaceRole::kMaster : InterfaceRole::kTarget;
}

}  // namespace cardvp::rtl
