// What ports are joined by: a learning switch with paths, or a plug that sends everything back.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "models/wire/fabric_port.h"
#include "models/wire/mac_table.h"

namespace cardvp::wire {

class Fabric final : private Forwarding {
 public:
  // `name`: hierarchical; a port's is NAME.PORT.
  Fabric(Sim& sim, std::string name, const Config& config, FramePool& frames);

  FabricPort& add_port(const std::string& name);

 private:
  void forward(FabricPort& from, FramePtr frame, sc_core::sc_time at) override;
  std::size_t path_of(const Frame& frame) const;
  void flood(const FabricPort& from, FramePtr frame, sc_core::sc_time arrival);

  Sim& sim_;
  std::string name_;
  Config config_;
  FramePool& frames_;
  std::vector<std::unique_ptr<FabricPort>> ports_;
  MacTable table_;
  Counter &flooded_, &not_learned_;
};

}  // namespace cardvp::wire
