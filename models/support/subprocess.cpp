#include "models/support/subprocess.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace cardvp {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

// A signal handler can reach nothing but objects of static storage.
volatile std::sig_atomic_t g_catching = 0, g_signal = 0;
volatile std::sig_atomic_t g_child = 0;  // and its process group; 0: none

void end_child(int signal) {
  g_signal = signal;
  if (g_child != 0) ::kill(-g_child, SIGTERM);
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::string read_all(int file) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t size = ::read(file, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path ? path : "") + ":/usr/local/sbin:/usr/sbin:/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string candidate = folder + "/" + name;
    if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

ProgramResult run_program(const std::vector<std::string>& command, const std::vector<std::string>& environment) {
  if (g_signal != 0) return {-1, "interrupted"};
  int ends[2];
  if (::pipe(ends) != 0) return {-1, std::strerror(errno)};

  std::vector<std::string> arguments = command;
  std::vector<std::string> variables = environment;
  for (char** variable = environ; *variable; ++variable) {
    const std::string text = *variable;
    const std::string name = text.substr(0, text.find('=') + 1);
    bool replaced = false;
    for (const std::string& own : environment) replaced |= own.starts_with(name);
    if (!replaced) variables.push_back(text);
  }

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  if (g_catching != 0) {  // a group of its own, which can be ended as a whole
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
  }
  pid_t child = 0;
  const int error = ::posix_spawn(&child, command.front().c_str(), &actions, &attributes, pointers(arguments).data(),
                                  pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);

  ProgramResult result;
  if (error == 0) {
    if (g_catching != 0) g_child = child;
    if (g_signal != 0) end_child(g_signal);  // which came meanwhile
    result.output = read_all(ends[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    g_child = 0;
    if (WIFEXITED(status) && g_signal == 0) result.status = WEXITSTATUS(status);
  } else {
    result.output = std::strerror(error);
  }
  ::close(ends[0]);
  return result;
}

ProgramInterrupt::ProgramInterrupt() {
  g_signal = 0;
  g_catching = 1;
  for (std::size_t i = 0; i < before_.size(); ++i) {
    before_[i] = std::signal(kSignals[i], end_child);
    if (before_[i] == SIG_IGN) std::signal(kSignals[i], SIG_IGN);  // as nohup wants it
  }
}

ProgramInterrupt::~ProgramInterrupt() {
  for (std::size_t i = 0; i < before_.size(); ++i) std::signal(kSignals[i], before_[i]);
  g_catching = 0;
  g_signal = 0;
}

int ProgramInterrupt::signal() const { return g_signal; }

}  // namespace cardvp
