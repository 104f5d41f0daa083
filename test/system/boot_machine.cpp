#include "test/system/boot_machine.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "models/arm/debug.h"
#include "platform/machine.h"
#include "platform/memory_map.h"
#include "platform/test_root_key.h"
#include "test/system/program.h"

namespace cardvp::test {
namespace {

class LeavesRom final : public arm::Tracer {
 public:
  void instruction(arm::DebugPort& core, sc_core::sc_time) override {
    left |= core.registers().pc - map::kROM.base >= map::kROM.size || core.level() != 3;
  }
  void exception(arm::DebugPort&, sc_core::sc_time, const arm::ExceptionRecord&) override {}

  bool left = false;
};

nlohmann::json run(const PowerOn& card) {
  const Folder folder;
  platform::CardConfig config;
  config.rom = CARDVP_FIRMWARE_DIR "/rom.bin";
  config.firmware = folder.file("a", card.slot_a);
  if (!card.slot_b.empty()) config.firmware_b = folder.file("b", card.slot_b);
  config.host_image = CARDVP_FIRMWARE_DIR "/host_boot.img";
  config.fuses = card.fuses;
  config.dram_size = card.dram_size;
  platform::Machine machine(1, config, {}, {});
  LeavesRom tracer;
  machine.card().cluster().core(0).attach(&tracer);
  std::string console;
  bool ended = false;
  machine.card().uart().on_transmit([&](char c, sc_core::sc_time) {
    if (c != '\r') console += c;
    if (c != '\n' || ended || !console.ends_with(card.until + "\n")) return;
    ended = true;
    machine.pause();
  });
  machine.run_for(card.limit);
  if (ended) machine.run_for(sc_core::sc_time(100, sc_core::SC_US));  // what comes behind the last words
  machine.card().cluster().core(0).attach(static_cast<arm::Tracer*>(nullptr));
  return {{"console", console},
          {"ended", ended},
          {"left_rom", tracer.left},
          {"link_up", machine.host().root().link_up()},
          {"host_released", machine.card().host_gate().released()}};
}

}  // namespace

Booted power_on(const PowerOn& card) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    nlohmann::json result;
    try {
      result = run(card);
    } catch (const std::exception& error) {
      result = {{"failure", error.what()}};
    }
    const std::string text = result.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    for (std::size_t sent = 0; sent < text.size();) {
      const ssize_t size = ::write(ends[1], text.data() + sent, text.size() - sent);
      if (size <= 0) break;
      sent += static_cast<std::size_t>(size);
    }
    ::_exit(0);  // the test's own end is not this process's
  }
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t size; (size = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(size));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  Booted booted;
  if (!WIFEXITED(status) || text.empty()) {
    booted.failure = fmt::format("the simulator ended with status {:#x}", status);
    return booted;
  }
  const nlohmann::json result = nlohmann::json::parse(text);
  booted.failure = result.value("failure", "");
  booted.console = result.value("console", "");
  booted.ended = result.value("ended", false);
  booted.left_rom = result.value("left_rom", false);
  booted.link_up = result.value("link_up", false);
  booted.host_released = result.value("host_released", false);
  return booted;
}

memory::FusesConfig production() {
  memory::FusesConfig fuses = development();
  fuses.life_cycle = memory::kProduction;
  return fuses;
}

memory::FusesConfig development() {
  memory::FusesConfig fuses;
  fuses.card_id = 1;
  fuses.root_key_hash = platform::kTestRootKeyHash;
  return fuses;
}

}  // namespace cardvp::test
