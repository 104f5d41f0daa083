#include "models/wire/wire.h"

#include <algorithm>
#include <stdexcept>

namespace cardvp::wire {

Wire::Wire(sc_core::sc_module_name name, Sim& sim, const Config& config, FramePool& frames,
           std::filesystem::path captures)
    : Model(name, sim),
      config_(config),
      frames_(frames),
      captures_(std::move(captures)),
      fabric_(sim, this->name(), config, frames) {
  for (const AttachmentConfig& attachment : config.attachments)
    attachments_.push_back(make_attachment(sim, attachment, add_port(attachment.name), frames_));
}

Wire::~Wire() { flush_captures(); }

FabricPort& Wire::add_port(const std::string& name) {
  if (std::any_of(ports_.begin(), ports_.end(), [&](const Named& named) { return named.name == name; }))
    throw std::runtime_error(fmt::format("there are two ports \"{}\" on the wire; give one another name", name));
  FabricPort& port = fabric_.add_port(name);
  ports_.push_back({name, port});
  return port;
}

Port& Wire::add_card(const std::string& name) {
  FabricPort& port = add_port(name);
  if (!config_.capture) return port;
  capture_ports_.push_back(std::make_unique<CapturePort>(scheduler(), port, captures_ / (name + ".pcap")));
  return *capture_ports_.back();
}

bool Wire::set_link(const std::string& name, bool up) {
  if (config_.type == Config::Type::kNone) return false;
  for (const Named& named : ports_) {
    if (named.name != name) continue;
    named.port.set_up(up);
    return true;
  }
  return false;
}

bool Wire::external() const {
  return std::any_of(attachments_.begin(), attachments_.end(), [](const auto& it) { return it->external(); });
}

void Wire::poll() {
  for (const auto& attachment : attachments_) attachment->poll();
}

void Wire::flush_captures() {
  for (const auto& port : capture_ports_)
    if (const std::string problem = port->flush(); !problem.empty()) log_.error(problem);
}

}  // namespace cardvp::wire
