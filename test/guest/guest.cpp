#include "test/guest/guest.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace cardvp::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const std::filesystem::path kFiles = CARDVP_SOURCE_DIR "/build/guest/x86";
constexpr auto kBoot = 120s;
const std::string kStatus = "\n#status ";  // ahead of a script's, as init has it

template <class Condition>
bool wait_until(Condition&& condition, std::chrono::seconds limit) {
  for (const auto end = Clock::now() + limit; !condition(); std::this_thread::sleep_for(10ms))
    if (Clock::now() >= end) return false;
  return true;
}

std::string base64(const std::string& text) {
  std::string coded((text.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  coded.resize(static_cast<std::size_t>(size));
  return coded;
}

}  // namespace

std::string missing_guest() {
  for (const char* const file : {"run-qemu", "vmlinuz", "initrd", "disk.img"})
    if (!std::filesystem::exists(kFiles / file))
      return fmt::format("no build/guest/x86/{}; test/guest/prepare makes it, or says why it cannot", file);
  return {};
}

// --- Channel ---------------------------------------------------------------------------------------------------------

Channel::~Channel() {
  if (socket_ >= 0) ::close(socket_);
}

bool Channel::connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  path.copy(address.sun_path, path.size());
  return connected_ = wait_until(
             [&] {
               if (socket_ < 0) socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
               return ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
             },
             30s);
}

bool Channel::send(const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t size = ::send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) return false;
    sent += static_cast<std::size_t>(size);
  }
  return true;
}

std::optional<std::string> Channel::read_to(const std::string& text, std::chrono::seconds limit) {
  const auto end = Clock::now() + limit;
  for (;;) {
    if (const std::size_t at = input_.find(text); at != std::string::npos) {
      std::string found = input_.substr(0, at + text.size());
      input_.erase(0, at + text.size());
      return found;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    pollfd file = {socket_, POLLIN, 0};
    if (left <= 0ms || ::poll(&file, 1, static_cast<int>(left.count())) <= 0) return std::nullopt;
    std::array<char, 65536> buffer;
    const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (size <= 0) return std::nullopt;
    input_.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

// --- Guest -----------------------------------------------------------------------------------------------------------

nlohmann::json Guest::device(const std::string& socket, const std::string& port) {
  return {{"driver", "vfio-user-pci"},
          {"id", "on-" + port},
          {"bus", port},
          {"socket", {{"type", "unix"}, {"path", socket}}}};
}

Guest::Guest(const GuestConfig& config, const Folder& folder, const std::string& name)
    : console_(folder / (name + ".console")),
      control_path_(folder / (name + ".control")),
      monitor_path_(folder / (name + ".monitor")) {
  const std::string memory = fmt::format("{}M", config.memory_mib);
  std::vector<std::string> command = {kFiles / "run-qemu",
                                      "-nodefaults",
                                      "-no-user-config",
                                      "-display",
                                      "none",
                                      "-accel",
                                      "tcg,thread=multi",
                                      "-cpu",
                                      "max",
                                      "-m",
                                      memory,
                                      "-smp",
                                      std::to_string(config.cpus),
                                      "-object",
                                      fmt::format("memory-backend-memfd,id=ram,size={},share=on", memory),
                                      "-machine",
                                      config.shared ? "q35,memory-backend=ram" : "q35"};
  const auto add = [&command](std::initializer_list<std::string> words) { command.insert(command.end(), words); };
  add({"-chardev", "file,id=console,path=" + console_, "-serial", "chardev:console"});
  add({"-chardev", "socket,id=control,server=on,wait=off,path=" + control_path_, "-serial", "chardev:control"});
  add({"-chardev", "socket,id=monitor,server=on,wait=off,path=" + monitor_path_, "-mon",
       "chardev=monitor,mode=control"});
  if (!config.boot)
    add({"-kernel", kFiles / "vmlinuz", "-initrd", kFiles / "initrd", "-append",
         "console=ttyS0 panic=-1 quiet loglevel=4"});
  for (std::size_t i = 0; i < config.sockets.size() + config.empty_ports; ++i) {
    const std::string port = fmt::format("rp{}", i);
    add({"-device", fmt::format("pcie-root-port,id={},chassis={}", port, i + 1)});
    if (i < config.sockets.size()) add({"-device", device(config.sockets[i], port).dump()});
  }
  command.insert(command.end(), config.more.begin(), config.more.end());
  qemu_ = std::make_unique<Process>(std::move(command), folder / (name + ".qemu"));
  control_.connect(control_path_);  // at once: what nobody listens to is lost
}

Guest::~Guest() = default;

bool Guest::up() { return control_.connected() && control_.read_to("up\n", kBoot).has_value(); }

void Guest::begin(const std::string& script) { control_.send(base64(script) + "\n"); }

Guest::Result Guest::end(std::chrono::seconds limit) {
  std::optional<std::string> out = control_.read_to(kStatus, limit);
  const std::optional<std::string> status = out ? control_.read_to("\n", limit) : std::nullopt;
  if (!status)
    return {-1, out.value_or("no answer of the guest; its console:\n" + console() + "\nQEMU: " + qemu_->output())};
  out->resize(out->size() - kStatus.size());
  return {std::stoi(*status), std::move(*out)};
}

Guest::Result Guest::run(const std::string& script, std::chrono::seconds limit) {
  begin(script);
  return end(limit);
}

nlohmann::json Guest::monitor(const std::string& command, const nlohmann::json& arguments) {
  if (!monitor_.connected()) {
    if (!monitor_.connect(monitor_path_)) return {{"error", "no monitor"}};
    monitor("qmp_capabilities", nlohmann::json::object());
  }
  monitor_.send(nlohmann::json{{"execute", command}, {"arguments", arguments}}.dump() + "\n");
  while (const std::optional<std::string> line = monitor_.read_to("\n", 30s)) {
    nlohmann::json answer = nlohmann::json::parse(*line, nullptr, false);
    if (answer.contains("return") || answer.contains("error")) return answer;
  }
  return {{"error", "no answer"}};
}

// Resets that were asked for are no complaint.
std::string Guest::complaints() {
  const Result found =
      run("dmesg -r | grep -E '^<[0-4]>' | grep -i -E 'nvme|ena |ena:|pci|eth[0-9]' | grep -v ': resetting controller' "
          "|| true");
  return found.status == 0 ? found.out : found.out + " (the log could not be read)";
}

// --- Serve -----------------------------------------------------------------------------------------------------------

namespace {

std::vector<std::string> serve_command(const Folder& folder, const nlohmann::json& scenario,
                                       const std::vector<std::string>& more) {
  std::vector<std::string> command = {CARDVP_PROGRAM,
                                      "serve",
                                      folder.file("scenario.json", scenario.dump()),
                                      "--socket-dir",
                                      folder / "sockets",
                                      "--gateway",
                                      folder / "gateway",
                                      "--out",
                                      folder / "out"};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

}  // namespace

Serve::Serve(const nlohmann::json& scenario, const std::vector<std::string>& more)
    : process_(serve_command(folder_, scenario, more), folder_ / "serve.log") {}

std::string Serve::socket(const std::string& name) {
  const std::string path = folder_ / ("sockets/" + name + ".sock");
  wait_until([&] { return std::filesystem::exists(path); }, 60s);
  return path;
}

Ended Serve::call(const std::string& method, const nlohmann::json& params) {
  return cardvp({"call", folder_ / "gateway", method, params.dump(), "--key",
                 CARDVP_SOURCE_DIR "/firmware/keys/test_operator_key.pem"});
}

Ended Serve::end() {
  process_.signal(SIGINT);
  Ended ended;
  ended.status = process_.status();
  ended.out = process_.output();
  return ended;
}

void expect_quiet_end(Serve& serve) {
  const Ended ended = serve.end();
  EXPECT_EQ(ended.status, 0) << ended.out;
  for (const char* const bad : {"warning", "error"}) EXPECT_THAT(ended.out, testing::Not(testing::HasSubstr(bad)));
}

std::string wait_for(const std::string& condition) {
  return fmt::format(
      "n=0; until {}; do n=$((n + 1)); [ $n -lt 200 ] || {{ echo 'never:' '{}'; exit 9; }}; sleep 0.1; done\n",
      condition, condition);
}

nlohmann::json scenario(const std::string& name) {
  return nlohmann::json::parse(read_file(CARDVP_SOURCE_DIR "/scenarios/" + name + ".json"));
}

}  // namespace cardvp::test
