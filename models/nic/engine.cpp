#include "models/nic/engine.h"

#include <fmt/format.h>

#include <cassert>
#include <cstring>

#include "models/base/hierarchy.h"
#include "models/nic/ena/function.h"
#include "models/nic/messages.h"
#include "models/nic/registers.h"

namespace cardvp::nic {

Engine::Engine(sc_core::sc_module_name name, Sim& sim, memory::Mailbox::Channel& channel, DataPath& data_path,
               wire::FramePool& frames, ToeplitzMath* toeplitz, ChecksumMath* checksum)
    : BusTarget(name, sim),
      channel_(channel),
      data_path_(data_path),
      frames_(frames),
      math_{toeplitz ? *toeplitz : net_toeplitz_, checksum ? *checksum : net_checksum_},
      absent_(control_regs::kBank),
      bad_messages_(counter("bad_messages", "messages")) {
  channel_.on_message([this](const memory::Message& message) { receive(message); });
}

Engine::~Engine() { channel_.on_message(nullptr); }

void Engine::add(const EnaConfig& config, pcie::Link& link, pcie::Endpoint& endpoint) {
  std::unique_ptr<ena::Function>& function = functions_[config.function];
  assert(!function);
  const InHierarchy scope(*this);
  function = std::make_unique<ena::Function>(fmt::format("fn{}", config.function).c_str(), sim(), config, link,
                                             channel_, data_path_, frames_, math_);
  endpoint.add(function->function());
}

void Engine::reset() {
  math_.toeplitz.reset();
  math_.checksum.reset();
  for (auto& function : functions_)
    if (function) function->reset();
}

bool Engine::access(const BusAccess& access) {
  const std::uint64_t page = access.offset / control_regs::kBank.size;
  if (page >= functions_.size()) return false;
  BusAccess in_page = access;
  in_page.offset %= control_regs::kBank.size;
  if (functions_[page]) return access_bank(functions_[page]->control(access_time()), in_page);
  return access.write || access_bank(absent_, in_page);
}

void Engine::receive(const memory::Message& message) {
  const auto as = [&message]<class T>(T content) {
    std::memcpy(&content, message.words.data(), sizeof content);
    return content;
  };
  const auto header = as(nic_message_header{});
  ena::Function* const function = header.function < functions_.size() ? functions_[header.function].get() : nullptr;
  if (function && header.type == NIC_MESSAGE_COMPLETE)
    return function->complete_admin(as(nic_message_complete{}), card_memory_);
  if (function && header.type == NIC_MESSAGE_FETCH) return function->fetch_admin(as(nic_message_fetch{}), card_memory_);
  if (function && header.type == NIC_MESSAGE_AENQ) return function->post_event(as(nic_message_aenq{}));
  bad_messages_.add();
  log_.warning("message ignored", {{"type", header.type}, {"function", header.function}});
}

}  // namespace cardvp::nic
