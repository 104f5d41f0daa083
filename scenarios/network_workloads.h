// The workloads that use the network: traffic between interfaces, captures, echo requests, DHCP.
#pragma once

#include <string>

#include "scenarios/host_drivers.h"
#include "scenarios/workload_result.h"

namespace cardvp::scenarios {

class NetworkWorkloads {
 public:
  NetworkWorkloads(platform::Machine& machine, const Scenario& scenario, HostDrivers& drivers)
      : machine_(machine), scenario_(scenario), drivers_(drivers) {}

  // Each gives the result its figures, and its error. `progress` counts packets.
  Task<> run_traffic(const TrafficWorkload& workload, WorkloadResult& result, std::uint64_t* progress);
  Task<> run_replay(const ReplayWorkload& workload, WorkloadResult& result, std::uint64_t* progress);
  Task<> run_ping(const PingWorkload& workload, WorkloadResult& result);
  Task<> run_dhcp(const DhcpWorkload& workload, WorkloadResult& result);

 private:
  host::ena::Driver& driver(const InterfacePlace& place) { return drivers_.interface(place.server, place.interface); }
  std::string name_of(const InterfacePlace& place) const {
    return drivers_.interface_name(place.server, place.interface);
  }
  const platform::InterfaceConfig& config_of(const InterfacePlace& place) const {
    return scenario_.servers[place.server].card.network.interfaces[place.interface];
  }
  host::TrafficEnd end_of(const EndConfig& end);
  // Why the interface cannot be used; empty: it can.
  std::string find_fault(const InterfacePlace& place);

  platform::Machine& machine_;
  const Scenario& scenario_;
  HostDrivers& drivers_;
};

}  // namespace cardvp::scenarios
