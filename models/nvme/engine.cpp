#include "models/nvme/engine.h"

#include <fmt/format.h>

#include <cassert>
#include <cstring>

#include "models/base/hierarchy.h"
#include "models/nvme/registers.h"

namespace cardvp::nvme {
Engine::Engine(sc_core::sc_module_name name, Sim& sim, memory::Mailbox::Channel& channel,
               security::VolumeCipher* cipher)
    : BusTarget(name, sim),
      channel_(channel),
      cipher_(cipher),
      absent_(control_regs::kBank),
      bad_messages_(counter("bad_messages", "messages")) {
  channel_.on_message([this](const memory::Message& message) { receive(message); });
}

Engine::~Engine() { channel_.on_message(nullptr); }

void Engine::add(const ControllerConfig& config, pcie::Link& link, pcie::Endpoint& endpoint, storage::Volume& volume) {
  std::unique_ptr<Controller>& controller = controllers_[config.function];
  assert(!controller);
  const InHierarchy scope(*this);
  controller = std::make_unique<Controller>(fmt::format("fn{}", config.function).c_str(), sim(), config, link, volume,
                                            channel_, cipher_);
  endpoint.add(controller->function());
}

void Engine::reset() {
  for (auto& controller : controllers_)
    if (controller) controller->reset();
}

bool Engine::access(const BusAccess& access) {
  const std::uint64_t page = access.offset / control_regs::kBank.size;
  if (page >= controllers_.size()) return false;
  BusAccess in_page = access;
  in_page.offset %= control_regs::kBank.size;
  if (controllers_[page]) return access_bank(controllers_[page]->control(access_time()), in_page);
  return access.write || access_bank(absent_, in_page);
}

void Engine::receive(const memory::Message& message) {
  const auto as = [&message]<class T>(T content) {
    std::memcpy(&content, message.words.data(), sizeof content);
    return content;
  };
  const auto header = as(nvme_message_header{});
  Controller* const controller = header.function < controllers_.size() ? controllers_[header.function].get() : nullptr;
  if (controller && header.type == NVME_MESSAGE_COMPLETE)
    return controller->complete_admin(as(nvme_message_complete{}), card_memory_);
  if (controller && header.type == NVME_MESSAGE_FETCH)
    return controller->fetch_admin(as(nvme_message_fetch{}), card_memory_);
  bad_messages_.add();
  log_.warning("message ignored", {{"type", header.type}, {"function", header.function}});
}

}  // namespace cardvp::nvme
