// The SHA-2 engine in RTL (rtl/blocks/sha2/sha2.sv) as a unit. Works at once: the block runs ahead of the simulated
// time, and its time() tells how far.
#pragma once

#include <cstddef>
#include <span>

#include "models/security/descriptor.h"
#include "rtl/bridges/axi_stream_source.h"
#include "rtl/bridges/axi_target.h"
#include "rtl/units/unit.h"

namespace cardvp::rtl {

class Sha2Unit : public Unit {
 public:
  Sha2Unit(sc_core::sc_module_name name, Sim& sim, const UnitConfig& config);

  // digest: of the algorithm's size. False, with the digest unchanged: the block did not answer, or refused; logged,
  // counted, and it was reset.
  bool hash(security_hash algorithm, std::span<const std::byte> data, std::span<std::byte> digest);
  // Card reset.
  void reset() { block().reset(); }

 private:
  bool run(security_hash algorithm, std::span<const std::byte> data, std::span<std::byte> digest);

  AxiTarget control_;
  AxiStreamSource in_;
  StreamPacket packet_;
  Counter& messages_;
  Counter& bytes_;
  Counter& failures_;
};

}  // namespace cardvp::rtl
