// The drivers of the hosts: each for a volume or an interface, by the number of its PCIe function.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "platform/machine.h"
#include "scenarios/scenario.h"

namespace cardvp::scenarios {

struct ControllerFound {
  std::size_t server = 0;
  std::string volume;
  std::string address;  // "01:00.0"
  host::nvme::ControllerInfo info;
};

struct InterfaceFound {
  std::size_t server = 0;
  std::string interface;
  std::string address;
  host::ena::DeviceInfo info;
  std::optional<host::ena::EniStatistics> allowances;  // how often they were exceeded, when the driver was stopped
};

class HostDrivers {
 public:
  // `activity`: is given what goes on, for people. All references outlive this.
  HostDrivers(platform::Machine& machine, const Scenario& scenario, std::string& activity);

  // Each says what went wrong; empty: nothing.
  // Enumerates, and starts the drivers of all that is attached from the start.
  Task<std::string> start_all(std::size_t server);
  // Of one that has been attached since. With an interface come those of its virtual functions that are there.
  Task<std::string> start(std::size_t server, Device device);
  Task<std::string> stop(std::size_t server, Device device);
  Task<std::string> stop_all();
  bool running(std::size_t server, Device device);

  host::nvme::Driver& volume(std::size_t server, std::size_t number) { return machine_.host(server).driver(number); }
  host::ena::Driver& interface(std::size_t server, std::size_t number) { return machine_.host(server).ena(number); }
  // As workloads and reports have it: "docs", "a/docs".
  std::string volume_name(std::size_t server, std::size_t number) const;
  std::string interface_name(std::size_t server, std::size_t number) const;

  // In the order in which they were found.
  const std::vector<ControllerFound>& controllers() const { return controllers_; }
  const std::vector<InterfaceFound>& interfaces() const { return interfaces_; }

 private:
  const platform::CardConfig& card(std::size_t server) const { return scenario_.servers[server].card; }
  std::uint8_t function_of(std::size_t server, std::size_t interface) const {
    return static_cast<std::uint8_t>(card(server).volumes.size() + interface);
  }
  Task<std::string> start_volume(std::size_t server, std::size_t volume, const host::PciFunction* function);
  Task<std::string> start_interface(std::size_t server, std::size_t interface, const host::PciFunction* function);
  Task<std::string> start_virtual(std::size_t server, std::size_t physical, const host::PciFunction& function);

  platform::Machine& machine_;
  const Scenario& scenario_;
  std::string& activity_;
  std::vector<ControllerFound> controllers_;
  std::vector<InterfaceFound> interfaces_;
};

}  // namespace cardvp::scenarios
