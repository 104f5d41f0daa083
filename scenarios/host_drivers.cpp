#include "scenarios/host_drivers.h"

#include <algorithm>

#include "host/workload/ping.h"

namespace cardvp::scenarios {
namespace {

using host::PciFunction;

const sc_core::sc_time kCarrierLimit{100, sc_core::SC_MS};

const PciFunction* find(const std::vector<PciFunction>& functions, std::size_t number) {
  const auto found = std::find_if(functions.begin(), functions.end(),
                                  [number](const PciFunction& function) { return function.number() == number; });
  return found == functions.end() ? nullptr : &*found;
}

}  // namespace

// Hosts answer echo requests that no workload takes.
HostDrivers::HostDrivers(platform::Machine& machine, const Scenario& scenario, std::string& activity)
    : machine_(machine), scenario_(scenario), activity_(activity) {
  for (std::size_t server = 0; server < scenario.servers.size(); ++server) {
    const auto& interfaces = card(server).network.interfaces;
    for (std::size_t i = 0; i < interfaces.size(); ++i) {
      host::ena::Driver& driver = interface(server, i);
      driver.on_receive(
          [&driver, &addresses = interfaces[i].addresses](unsigned queue, const host::ena::RxPacket& packet) {
            for (const platform::InterfaceAddress& own : addresses)
              if (host::answer_echo(driver, own.address, queue, packet)) return;
          });
    }
  }
}

std::string HostDrivers::volume_name(std::size_t server, std::size_t number) const {
  return scenario_.servers[server].qualified(card(server).volumes[number].name);
}

std::string HostDrivers::interface_name(std::size_t server, std::size_t number) const {
  return scenario_.servers[server].qualified(card(server).network.interfaces[number].name);
}

Task<std::string> HostDrivers::start_all(std::size_t server) {
  activity_ = "enumerating";
  const std::vector<PciFunction> functions = co_await machine_.host(server).root().enumerate();
  std::string problem;
  const auto& volumes = card(server).volumes;
  for (std::size_t i = 0; i < volumes.size() && problem.empty(); ++i)
    if (volumes[i].attached) problem = co_await start_volume(server, i, find(functions, i));
  const auto& interfaces = card(server).network.interfaces;
  for (std::size_t i = 0; i < interfaces.size() && problem.empty(); ++i)
    if (interfaces[i].attached && !interfaces[i].physical)
      problem = co_await start_interface(server, i, find(functions, function_of(server, i)));
  co_return problem;
}

Task<std::string> HostDrivers::start(std::size_t server, Device device) {
  const bool is_volume = device.kind == Device::Kind::kVolume;
  const std::size_t number = is_volume ? device.index : function_of(server, device.index);
  const auto found = co_await machine_.host(server).root().probe(static_cast<std::uint8_t>(number));
  const PciFunction* const function = found ? &*found : nullptr;
  if (is_volume) co_return co_await start_volume(server, device.index, function);
  co_return co_await start_interface(server, device.index, function);
}

Task<std::string> HostDrivers::start_volume(std::size_t server, std::size_t volume, const PciFunction* function) {
  const std::string name = volume_name(server, volume);
  if (!function) co_return fmt::format("volume {}: the host found no PCIe function {}", name, volume);
  activity_ = "starting the driver of " + name;
  host::nvme::Driver& driver = this->volume(server, volume);
  const host::nvme::Error error = co_await driver.start(*function);
  if (error) co_return fmt::format("volume {}: {}", name, error.text);
  std::erase_if(controllers_, [&name](const ControllerFound& found) { return found.volume == name; });
  controllers_.push_back({server, name, function->name(), driver.info()});
  co_return std::string{};
}

Task<std::string> HostDrivers::start_interface(std::size_t server, std::size_t interface, const PciFunction* function) {
  const std::string name = interface_name(server, interface);
  if (!function)
    co_return fmt::format("interface {}: the host found no PCIe function {}", name, function_of(server, interface));
  activity_ = "starting the driver of " + name;
  host::ena::Driver& driver = this->interface(server, interface);
  const host::ena::Error error = co_await driver.start(*function);
  if (error) co_return fmt::format("interface {}: {}", name, error.text);
  const bool carrier = co_await driver.wait_carrier(kCarrierLimit);
  if (!carrier) co_return fmt::format("interface {}: no carrier within {}", name, kCarrierLimit.to_string());
  std::erase_if(interfaces_, [&name](const InterfaceFound& found) { return found.interface == name; });
  interfaces_.push_back({server, name, function->name(), driver.info(), std::nullopt});
  co_return co_await start_virtual(server, interface, *function);
}

Task<std::string> HostDrivers::start_virtual(std::size_t server, std::size_t physical, const PciFunction& function) {
  const auto& interfaces = card(server).network.interfaces;
  const auto count = static_cast<unsigned>(std::count_if(interfaces.begin(), interfaces.end(),
                                                         [physical](const auto& i) { return i.physical == physical; }));
  if (count == 0) co_return std::string{};
  activity_ = "enabling the virtual functions of " + interface_name(server, physical);
  const std::vector<PciFunction> found = co_await machine_.host(server).root().enable_virtual(function, count);
  std::string problem;
  for (std::size_t i = 0; i < interfaces.size() && problem.empty(); ++i)
    if (interfaces[i].attached && interfaces[i].physical == physical)
      problem = co_await start_interface(server, i, find(found, function_of(server, i)));
  co_return problem;
}

bool HostDrivers::running(std::size_t server, Device device) {
  return device.kind == Device::Kind::kVolume ? volume(server, device.index).running()
                                              : interface(server, device.index).running();
}

Task<std::string> HostDrivers::stop(std::size_t server, Device device) {
  if (device.kind == Device::Kind::kVolume) {
    const host::nvme::Error error = co_await volume(server, device.index).stop();
    if (error) co_return fmt::format("volume {}: {}", volume_name(server, device.index), error.text);
  } else {
    const std::string name = interface_name(server, device.index);
    host::ena::Driver& driver = interface(server, device.index);
    const auto allowances = co_await driver.eni_statistics();
    for (InterfaceFound& found : interfaces_)
      if (found.interface == name) found.allowances = allowances;
    const host::ena::Error error = co_await driver.stop();
    if (error) co_return fmt::format("interface {}: {}", name, error.text);
  }
  co_return std::string{};
}

// Virtual functions before the physical one that they belong to.
Task<std::string> HostDrivers::stop_all() {
  std::string first_problem;
  for (std::size_t server = 0; server < scenario_.servers.size(); ++server) {
    std::vector<Device> devices;
    for (std::size_t i = card(server).network.interfaces.size(); i-- > 0;)
      devices.push_back({Device::Kind::kInterface, i});
    for (std::size_t i = 0; i < card(server).volumes.size(); ++i) devices.push_back({Device::Kind::kVolume, i});
    for (const Device device : devices) {
      if (!running(server, device)) continue;
      const std::string problem = co_await stop(server, device);
      if (first_problem.empty()) first_problem = problem;
    }
  }
  co_return first_problem;
}

}  // namespace cardvp::scenarios
