// An unmodified Linux guest in a stock QEMU, with devices that are in another process, at vfio-user sockets; and that
// process, `cardvp serve`.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "test/system/process.h"
#include "test/system/program.h"

namespace cardvp::test {

// What test/guest/prepare has made; empty: nothing is missing.
std::string missing_guest();

#define SKIP_WITHOUT_GUEST() \
  if (const std::string missing = cardvp::test::missing_guest(); !missing.empty()) GTEST_SKIP() << missing

// Text over a Unix socket.
class Channel {
 public:
  Channel() = default;
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Waits until somebody listens there.
  bool connect(const std::string& path);
  bool connected() const { return connected_; }
  bool send(const std::string& text);
  // What comes up to and with `text`; std::nullopt if it does not come in time, or the other side ends.
  std::optional<std::string> read_to(const std::string& text, std::chrono::seconds limit);

 private:
  int socket_ = -1;
  bool connected_ = false;
  std::string input_;
};

struct GuestConfig {
  std::vector<std::string> sockets;  // each becomes a device behind a root port of its own: rp0, rp1, ...
  unsigned empty_ports = 0;          // root ports for devices that come later, behind those
  unsigned memory_mib = 512;
  unsigned cpus = 2;
  bool shared = true;  // the guest's memory, with the devices' process
  bool boot = false;   // by the PC's firmware, from the first device
  std::vector<std::string> more;
};

class Guest {
 public:
  struct Result {
    int status = -1;  // -1: no answer
    std::string out;
  };

  // `name`: of its files in `folder`.
  Guest(const GuestConfig& config, const Folder& folder, const std::string& name = "guest");
  ~Guest();

  // Waits until its first program runs.
  bool up();
  // Runs a script of shell commands in the guest.
  Result run(const std::string& script, std::chrono::seconds limit = std::chrono::seconds(300));
  // The same in two halves.
  void begin(const std::string& script);
  Result end(std::chrono::seconds limit = std::chrono::seconds(300));
  // A command to QEMU (QMP); its answer, an object with "return" or "error".
  nlohmann::json monitor(const std::string& command, const nlohmann::json& arguments);
  // Of the guest's kernel, from level warning up, about the drivers; empty: nothing.
  std::string complaints();
  std::string console() const { return read_file(console_); }

  Process& qemu() { return *qemu_; }

  // As an argument of -device or of the command device_add.
  static nlohmann::json device(const std::string& socket, const std::string& port);

 private:
  std::string console_, control_path_, monitor_path_;
  std::unique_ptr<Process> qemu_;
  Channel control_, monitor_;
};

// `cardvp serve` of a scenario, with a gateway for the operator's calls.
class Serve {
 public:
  // `more`: options.
  explicit Serve(const nlohmann::json& scenario, const std::vector<std::string>& more = {});

  // Of one that is there by now, or within a minute.
  std::string socket(const std::string& name);
  Ended call(const std::string& method, const nlohmann::json& params);
  // Ends it, as Ctrl-C does: its exit status, and all that it said.
  Ended end();
  std::string output() const { return process_.output(); }
  nlohmann::json report() const { return nlohmann::json::parse(read_file(folder_ / "out/report.json")); }
  const Folder& folder() const { return folder_; }

 private:
  Folder folder_;
  Process process_;
};

// Ends it; nothing in what it said may be a warning or an error.
void expect_quiet_end(Serve& serve);

// For scripts in the guest: waits until `condition` holds, 20 s at most.
std::string wait_for(const std::string& condition);

// One of the scenarios that come with the program.
nlohmann::json scenario(const std::string& name);

}  // namespace cardvp::test
